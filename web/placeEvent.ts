import type { StreamEvent } from '../src/client/index.ts';
import type { Unit } from '../src/core/types.ts';

/** Where in a recording a session began: its sample 0 and its unit 0. */
export interface Origin {
  /** Sample of the recording, at 16 kHz. */
  readonly sample: number;
  /** Units of the recording before it. */
  readonly index: number;
}

/** Turns what a session says of its own audio into what it means for the recording. */
export function placeEvent(event: StreamEvent, origin: Origin): StreamEvent {
  switch (event.type) {
    case 'unit':
      return { ...event, unit: placeUnit(event.unit, origin) };
    case 'provisional':
      return {
        ...event,
        from: event.from + origin.index,
        units: event.units.map((unit) => placeUnit(unit, origin)),
      };
    case 'predicted':
    case 'continued':
      return { ...event, after: event.after + origin.index };
    case 'progress':
      return { ...event, acknowledged: event.acknowledged + origin.sample };
    default:
      return event;
  }
}

function placeUnit(unit: Unit, { sample, index }: Origin): Unit {
  return {
    ...unit,
    index: unit.index + index,
    start: unit.start + sample,
    end: unit.end + sample,
    decided: unit.decided + sample,
  };
}
