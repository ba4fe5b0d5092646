import type { ServerMessage } from '../../src/protocol/index.ts';
import { summarise } from '../../src/bench/percentiles.ts';
import type { Summary } from '../../src/bench/percentiles.ts';

/** What came of the continuations of a load. */
export interface ContinuationFigures {
  /** From the arrival of the unit that a continuation follows to that of its first predicted unit. */
  readonly firstMs: Summary;
  /** The same to its last one, of the continuations that were not overtaken. */
  readonly lastMs: Summary;
  /** Continuations that ended, by how. */
  readonly ends: Readonly<Record<string, number>>;
  /** Predicted units. */
  readonly units: number;
}

/** Watches the standing requests of a load, a continuation after the last unit of every step. */
export interface ContinuationMeter {
  /** Takes a message of client number `client` that arrived at `now`; counts it while `isMeasuring`. */
  take(client: number, message: ServerMessage, now: number, isMeasuring: boolean): void;
  figures(): ContinuationFigures;
}

/** Makes a meter for so many clients. */
export function createContinuationMeter(clients: number): ContinuationMeter {
  const unitAt = Array.from({ length: clients }, () => ({ index: -1, at: 0 }));
  const lastAt = new Float64Array(clients);
  const first: number[] = [];
  const last: number[] = [];
  const ends: Record<string, number> = {};
  let units = 0;

  return {
    take(client, message, now, isMeasuring) {
      const trigger = unitAt[client];
      if (message.t === 'u') unitAt[client] = { index: message.i, at: now };
      if (message.t === 'g') {
        lastAt[client] = now;
        if (!isMeasuring) return;
        units++;
        if (message.k === 0 && message.after === trigger.index) first.push(now - trigger.at);
      }
      if (message.t !== 'gend' || !isMeasuring) return;
      ends[message.reason] = (ends[message.reason] ?? 0) + 1;
      if (message.reason === 'done' && message.after === trigger.index) {
        last.push(lastAt[client] - trigger.at);
      }
    },
    figures: () => ({ firstMs: summarise(first), lastMs: summarise(last), ends, units }),
  };
}
