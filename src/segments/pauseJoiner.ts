import type { SpeechEvent, Unit } from '../core/types.ts';
import { joinPauses } from './joinPauses.ts';
import type { Machine } from '../core/machine.ts';

/**
 * Makes the machine that gives a long silence as one pause: the segmenter decides it in pieces, a second or less each. A
 * pause waits for the unit behind it, a flush or the end; all else goes out at once. The tail, which may still change,
 * begins with the pause that waits.
 */
export function createPauseJoiner(): Machine<SpeechEvent, SpeechEvent> {
  let held: Unit | undefined;

  const release = (): SpeechEvent[] => {
    const units: SpeechEvent[] = held === undefined ? [] : [{ type: 'unit', unit: held }];
    held = undefined;
    return units;
  };

  return {
    push(event) {
      if (event.type === 'provisional') return [withPause(event, held)];
      if (event.type !== 'unit') return [...release(), event];
      const joined = joinPauses(held, event.unit);
      const before = joined === undefined ? release() : [];
      held = joined ?? event.unit;
      return held.pause ? before : [...before, ...release()];
    },
    flush: release,
  };
}

/** The tail with the pause that waits before it, and its own pauses joined. */
function withPause(
  event: Extract<SpeechEvent, { type: 'provisional' }>,
  held: Unit | undefined,
): SpeechEvent {
  const units = joinedPauses(held === undefined ? event.units : [held, ...event.units]);
  return { ...event, from: held?.index ?? event.from, units };
}

/** Units with every run of pauses as one. */
export function joinedPauses(units: readonly Unit[]): Unit[] {
  const found: Unit[] = [];
  for (const unit of units) {
    const joined = joinPauses(found.at(-1), unit);
    if (joined === undefined) found.push(unit);
    else found[found.length - 1] = joined;
  }
  return found;
}
