import { joinedPauses } from '../../src/segments/pauseJoiner.ts';
import type { Unit } from '../../src/core/types.ts';

/** The units as a TextGrid shows them: a long silence is one, and the last goes to the end of the recording. */
export function shownUnits(
  units: readonly Unit[],
  samples: number,
): { readonly end: number; readonly text: string }[] {
  return joinedPauses(units).map(({ id, end, pause }, n, all) => ({
    end: (n === all.length - 1 ? samples : end) / 16_000,
    text: pause ? '' : String(id),
  }));
}
