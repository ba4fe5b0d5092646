import { isDeepStrictEqual } from 'node:util';
import type { SpeechEvent } from '../../src/core/types.ts';

/** What of a run is not as it should be. */
export interface Differences {
  /** Units and answers that are missing. */
  lost: number;
  /** Those that came again. */
  repeated: number;
  /** Those that are there, and other than in an undisturbed run. */
  different: number;
}

/** Compares units and answers to flushes with those of an undisturbed run, and adds what differs. */
export function compare(
  received: readonly SpeechEvent[],
  expected: readonly SpeechEvent[],
  into: Differences,
): void {
  const seen = new Map<string, SpeechEvent>();
  for (const event of received) {
    const name = nameOf(event);
    if (seen.has(name)) into.repeated++;
    seen.set(name, event);
  }
  for (const event of expected) {
    const same = seen.get(nameOf(event));
    if (same === undefined) into.lost++;
    else if (!isDeepStrictEqual(same, event)) into.different++;
    seen.delete(nameOf(event));
  }
  into.different += seen.size; // nobody expected them
}

function nameOf(event: SpeechEvent): string {
  if (event.type === 'unit') return `unit ${event.unit.index}`;
  return event.type === 'flushed' ? `flushed ${event.id}` : event.type;
}
