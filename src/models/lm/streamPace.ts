import { toSeconds } from '../../core/time.ts';
import type { HistoryUnit } from './unitLm.ts';

/** How long a stream's units last, as far as it is known. */
export interface StreamPace {
  add(unit: HistoryUnit): void;
  /** Expected length of a unit, in seconds. */
  secondsOf(id: number): number;
}

/** Units that the bundle's rate counts for: about two seconds of speech until the stream speaks for itself. */
const PRIOR_UNITS = 8;

/** Means of the stream's units and of its pauses, both begun with PRIOR_UNITS of 1 / `hz` seconds. */
export function createStreamPace(hz: number): StreamPace {
  const begin = () => ({ count: PRIOR_UNITS, seconds: PRIOR_UNITS / hz });
  const spoken = begin();
  const pauses = begin();
  const meanOf = (id: number) => (id === 0 ? pauses : spoken);
  return {
    add: ({ id, start, end }) => {
      if (start === undefined || end === undefined) return;
      const mean = meanOf(id);
      mean.count++;
      mean.seconds += toSeconds(end - start);
    },
    secondsOf: (id) => meanOf(id).seconds / meanOf(id).count,
  };
}
