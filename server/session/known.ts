import type { WireId } from '../../src/protocol/index.ts';
import type { LoggedEvent } from './eventLog.ts';

/** What a client had when its session was taken over. */
export interface KnownEvents {
  /** Whether the client has an event, the next one in order. */
  has(event: LoggedEvent): boolean;
  /** Index of the last unit that it has. */
  readonly after: number;
}

/**
 * Tells which events come a second time after a takeover: units up to `after`, and answers to flushes up to `flush`.
 *
 * @param flush the last answer that it has, unless that came before the state
 */
export function createKnownEvents(after: number, flush: WireId | undefined): KnownEvents {
  let awaited = flush;
  return {
    after,
    has(event) {
      if (event.t === 'u') {
        if (event.i > after) awaited = undefined; // a later unit: the answer came before it, or never
        return event.i <= after;
      }
      if (awaited === undefined) return false;
      if (event.id === awaited) awaited = undefined;
      return true;
    },
  };
}
