import type { Unit } from '../src/core/types.ts';
import { SAMPLE_RATE } from '../src/core/time.ts';
import type { ProvisionalUnit } from './provisionalUnit.ts';

/** Seconds of what comes next that the page asks for. */
export const CONTINUATION_SECONDS = 1.5;
/** Units whose lengths tell how long the next ones will be. */
const MEASURED_UNITS = 20;
/** Length of a unit before there is one, in samples. */
const USUAL_SAMPLES = SAMPLE_RATE / 5;

/**
 * Lays the units that are predicted after the last final one out in time. The undecided tail stands where the first of
 * them would: as many as it has are left out, the others follow it, each as long as the last ones of its kind were.
 */
export function placePredicted(
  ids: readonly number[],
  units: readonly Unit[],
  tail: readonly ProvisionalUnit[],
): ProvisionalUnit[] {
  if (ids.length <= tail.length) return [];
  let end = tail.at(-1)?.end ?? units.at(-1)?.end ?? 0;
  const length = { pause: usualLength(units, true), unit: usualLength(units, false) };
  return ids.slice(tail.length).map((id) => {
    const pause = id === 0;
    const start = end;
    end += pause ? length.pause : length.unit;
    return { id, pause, start, end };
  });
}

function usualLength(units: readonly Unit[], pause: boolean): number {
  const last = units.filter((unit) => unit.pause === pause).slice(-MEASURED_UNITS);
  if (last.length === 0) return USUAL_SAMPLES;
  return last.reduce((sum, { start, end }) => sum + end - start, 0) / last.length;
}
