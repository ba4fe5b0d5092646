import type { Done } from '../protocol/index.ts';
import type { StreamEvent } from './events.ts';

/** The event of the end of a stream of `units` units, whose last session began at sample `base`. */
export function doneOf({ samples, lag_p99_ms }: Done, units: number, base: number): StreamEvent {
  return { type: 'done', units, samples: base + samples, lagP99Ms: lag_p99_ms };
}
