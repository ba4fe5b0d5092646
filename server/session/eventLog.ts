import type { FinalUnit, Flushed, WireId } from '../../src/protocol/index.ts';
import type { KnownUnit } from './knownUnit.ts';

/** What is sent again after a resume. */
export type LoggedEvent = FinalUnit | Flushed;

/** The last events of a session, numbered from 0 in their order. */
export interface EventLog {
  push(event: LoggedEvent): void;
  /** Number of the first event that is still here. */
  readonly start: number;
  /** Number that the next event will get. */
  readonly end: number;
  /** An event by its number, which lies from `start` to `end` − 1. */
  at(number: number): LoggedEvent;
  /**
   * The number of the first event after unit `after` (−1: from the beginning), and after the `flushed` of id `flush`
   * where that is later. Undefined when it is no longer here, or when `after` lies ahead of what there is.
   */
  find(after: number, flush?: WireId): number | undefined;
  /** Reckoned for what is here. */
  readonly bytes: number;
  /** The units that are here, oldest first. */
  units(): KnownUnit[];
}

/** Of an event without features. */
const EVENT_BYTES = 128;

/** Makes an empty log that keeps at least the last `size` events, and at most twice as many; its first unit is `firstUnit`. */
export function createEventLog(size: number, firstUnit = 0): EventLog {
  let events: LoggedEvent[] = [];
  let start = 0;
  let units = firstUnit;
  let featureBytes = 0;
  /** The first unit after which nothing is missing, minus the unit itself. */
  let firstWhole = firstUnit;

  /** Forgets the oldest in blocks, so that the cost of an event stays constant. */
  function trim(): void {
    if (events.length < 2 * size) return;
    const cut = events.length - size;
    firstWhole = events[cut - 1].i + 1;
    events = events.slice(cut);
    featureBytes = events.reduce((sum, event) => sum + featuresOf(event), 0);
    start += cut;
  }

  return {
    get start() {
      return start;
    },
    get end() {
      return start + events.length;
    },
    get bytes() {
      return EVENT_BYTES * events.length + featureBytes;
    },
    push(event) {
      events.push(event);
      featureBytes += featuresOf(event);
      if (event.t === 'u') units = event.i + 1;
      trim();
    },
    at: (number) => events[number - start],
    units: () =>
      events.flatMap((event) =>
        event.t === 'u' ? [{ id: event.id, start: event.s, end: event.e }] : [],
      ),
    find(after, flush) {
      if (after >= units || after + 1 < firstWhole) return undefined;
      const unit = events.findLastIndex((event) => event.t === 'u' && event.i <= after);
      const flushed =
        flush === undefined
          ? -1
          : events.findLastIndex((event) => event.t === 'flushed' && event.id === flush);
      return start + Math.max(unit, flushed) + 1;
    },
  };
}

function featuresOf(event: LoggedEvent): number {
  return event.t === 'u' ? (event.f?.byteLength ?? 0) : 0;
}
