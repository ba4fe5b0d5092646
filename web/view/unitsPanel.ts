import type { Unit } from '../../src/types.ts';
import { toSeconds } from '../../src/units.ts';
import { element } from './element.ts';
import { unitColour } from './palette.ts';

/** Chips kept; the file has them all. */
const KEPT = 240;

/** The running text of units, and what they come to. */
export interface UnitsPanel {
  /** Takes the next final unit; `kinds` is how many different ones the bundle has. */
  push(unit: Unit, kinds: number): void;
  clear(): void;
}

/** Creates the panel. */
export function createUnitsPanel(): UnitsPanel {
  const chips = element('chips', HTMLElement);
  const count = element('unit-count', HTMLElement);
  const different = element('unit-kinds', HTMLElement);
  const bits = element('bits', HTMLElement);
  const seen = new Set<number>();
  let spoken = 0;

  return {
    push(unit, kinds) {
      const chip = document.createElement('span');
      chip.textContent = unit.pause ? '·' : String(unit.id);
      if (unit.pause) chip.className = 'pause';
      else chip.style.background = unitColour(unit.id);
      chips.append(chip);
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
    clear() {
      chips.replaceChildren();
      seen.clear();
      spoken = 0;
      count.textContent = different.textContent = '0';
      bits.textContent = '–';
    },
  };
}
