import { joinPauses } from '../../src/segments/joinPauses.ts';
import type { Unit } from '../../src/core/types.ts';
import { toSeconds } from '../../src/core/time.ts';
import { isLongPause } from './describeUnit.ts';
import { element } from './element.ts';
import { unitColour } from './palette.ts';

/** Chips kept; the file has them all. */
const KEPT = 240;

/** The running text of units, and what they come to. */
export interface UnitsPanel {
  /** Takes the next final unit; `kinds` is how many different ones the bundle has. */
  push(unit: Unit, kinds: number): void;
  /** Shows the units that are predicted next. */
  predict(ids: readonly number[]): void;
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

  return {
    push(unit, kinds) {
      const joined = joinPauses(last, unit);
      last = joined ?? unit;
      const chip = unit.pause ? pauseChip(last) : chipOf(unit.id);
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
      predicted.replaceChildren(...ids.map(chipOf));
      predicted.hidden = ids.length === 0;
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

/** A unit as a chip in its colour; 0 is a pause whose length is not known. */
function chipOf(id: number): HTMLElement {
  const chip = document.createElement('span');
  chip.textContent = id === 0 ? '·' : String(id);
  if (id === 0) chip.className = 'pause';
  else chip.style.setProperty('--unit', unitColour(id));
  return chip;
}

/** A pause as a chip: its seconds, a dot for one that is too short to count. */
function pauseChip(pause: Unit): HTMLElement {
  const chip = chipOf(0);
  if (isLongPause(pause)) chip.textContent = `${toSeconds(pause.end - pause.start).toFixed(1)} s`;
  return chip;
}
