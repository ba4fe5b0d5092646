import { joinPauses } from '../../src/segments/joinPauses.ts';
import type { Unit } from '../../src/core/types.ts';
import type { LabelOf } from '../../src/formats/unitFormatter.ts';
import { toSeconds } from '../../src/core/time.ts';
import { isLongPause } from './describeUnit.ts';
import { element } from './element.ts';
import { unitColour } from './palette.ts';

/** Chips kept; the file has them all. */
const KEPT = 240;

/** What a chip needs of a unit. */
type Named = Pick<Unit, 'id' | 'fine' | 'pause'>;

/** The running text of units, and what they come to. */
export interface UnitsPanel {
  /** Takes the next final unit; `kinds` is how many different ones the bundle has. */
  push(unit: Unit, kinds: number): void;
  /** Shows the units that are predicted next. */
  predict(ids: readonly number[]): void;
  /** Writes what units stand for into chips, those that are there among them. */
  setLabels(labelOf: LabelOf | undefined): void;
  clear(): void;
}

/** Creates the panel. */
export function createUnitsPanel(): UnitsPanel {
  const chips = element('chips', HTMLElement);
  const predicted = element('predicted', HTMLElement);
  const count = element('unit-count', HTMLElement);
  const different = element('unit-kinds', HTMLElement);
  const bits = element('bits', HTMLElement);
  const seen = new Set<number>();
  let spoken = 0;
  let last: Unit | undefined;
  let labelOf: LabelOf | undefined;
  const units = new WeakMap<Element, Named>(); // of chips

  /** A unit as a chip in its colour; 0 is a pause whose length is not known. */
  function chipOf(unit: Named): HTMLElement {
    const chip = document.createElement('span');
    if (unit.id === 0) chip.className = 'pause';
    else chip.style.setProperty('--unit', unitColour(unit.id));
    name(chip, unit);
    units.set(chip, unit);
    return chip;
  }

  function name(chip: HTMLElement, unit: Named): void {
    chip.textContent = unit.id === 0 ? '·' : (labelOf?.(unit) ?? String(unit.id));
    if (unit.id !== 0) chip.title = `unit ${unit.id}`;
  }

  /** A pause as a chip: its seconds, a dot for one that is too short to count. */
  function pauseChip(pause: Unit): HTMLElement {
    const chip = chipOf({ id: 0, pause: true });
    if (isLongPause(pause)) chip.textContent = `${toSeconds(pause.end - pause.start).toFixed(1)} s`;
    return chip;
  }

  return {
    push(unit, kinds) {
      const joined = joinPauses(last, unit);
      last = joined ?? unit;
      const chip = unit.pause ? pauseChip(last) : chipOf(unit);
      if (joined === undefined) chips.append(chip);
      else chips.lastElementChild?.replaceWith(chip);
      if (chips.childElementCount > KEPT) chips.firstElementChild?.remove();
      chips.scrollTop = chips.scrollHeight;
      if (!unit.pause) {
        spoken++;
        seen.add(unit.id);
      }
      count.textContent = String(spoken);
      different.textContent = String(seen.size);
      bits.textContent = ((spoken / toSeconds(unit.end)) * Math.log2(kinds)).toFixed(0);
    },
    predict(ids) {
      predicted.replaceChildren(...ids.map((id) => chipOf({ id, pause: id === 0 })));
      predicted.hidden = ids.length === 0;
    },
    setLabels(found) {
      labelOf = found;
      for (const chip of [...chips.children, ...predicted.children] as HTMLElement[]) {
        const unit = units.get(chip);
        if (unit !== undefined && unit.id !== 0) name(chip, unit);
      }
    },
    clear() {
      chips.replaceChildren();
      predicted.hidden = true;
      seen.clear();
      last = undefined;
      spoken = 0;
      count.textContent = different.textContent = '0';
      bits.textContent = '–';
    },
  };
}
