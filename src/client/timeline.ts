import type {
  FinalUnit,
  Flushed,
  WirePredictedUnit,
  WireContinuationEnd,
  ProvisionalUnits,
} from '../protocol/index.ts';
import type { SpeechEvent, Unit } from '../core/types.ts';
import { SAMPLE_RATE } from '../core/time.ts';
import type { ContinuationEvent } from './events.ts';

/**
 * Turns what a session says into events of the whole stream: a session that began anew counts from 0 again, the
 * stream goes on. It lets every unit through once, and notices one that is missing.
 */
export interface Timeline {
  /** Index of the session's last unit, −1 for none. */
  readonly after: number;
  /** Units of the stream so far. */
  readonly units: number;
  /** The stream's event for a unit; undefined for one that came before. Throws `RangeError` when some are missing. */
  unit(message: FinalUnit): SpeechEvent | undefined;
  /** The stream's event for the tail; undefined where it begins with a unit that came before. */
  provisional(message: ProvisionalUnits): SpeechEvent | undefined;
  flushed(message: Flushed): SpeechEvent;
  predicted(message: WirePredictedUnit): ContinuationEvent;
  continued(message: WireContinuationEnd): ContinuationEvent;
  /** A new session began at this sample of the stream, at the declared rate. */
  restart(sample: number): void;
}

/** Makes the timeline of a stream whose audio has `rate` samples a second. */
export function createTimeline(rate: number): Timeline {
  let base = { index: 0, sample: 0 };
  let after = -1;

  return {
    get after() {
      return after;
    },
    get units() {
      return base.index + after + 1;
    },
    unit(message) {
      if (message.i <= after) return undefined;
      if (message.i !== after + 1) {
        throw new RangeError(`expected unit ${after + 1} from the server, got ${message.i}`);
      }
      after = message.i;
      return { type: 'unit', unit: toUnit(message, base) };
    },
    provisional({ from, us }) {
      if (from <= after) return undefined;
      const units = us.map(([id, s, e], place) =>
        toUnit({ t: 'u', i: from + place, id, s, e, at: e, pause: id === 0 }, base),
      );
      return { type: 'provisional', from: base.index + from, units };
    },
    flushed: ({ id, n, i }) => ({
      type: 'flushed',
      id,
      sample: base.sample + n,
      index: base.index + i,
    }),
    predicted: ({ id, j, k, unit, after: known, lp }) => ({
      type: 'predicted',
      request: id,
      after: base.index + known,
      unit: { hypothesis: j, place: k, id: unit, logProbability: lp ?? NaN },
    }),
    continued: ({ id, reason, after: known = after, more = false }) => ({
      type: 'continued',
      request: id,
      after: base.index + known,
      reason,
      more,
    }),
    restart(sample) {
      base = { index: base.index + after + 1, sample: Math.round((sample * SAMPLE_RATE) / rate) };
      after = -1;
    },
  };
}

function toUnit(
  message: FinalUnit,
  base: { readonly index: number; readonly sample: number },
): Unit {
  return {
    index: base.index + message.i,
    id: message.id,
    ...(message.fine !== undefined && { fine: message.fine }),
    start: base.sample + message.s,
    end: base.sample + message.e,
    decided: base.sample + message.at,
    ...(message.c !== undefined && message.pause !== true && { confidence: message.c }),
    pause: message.pause ?? false,
    forced: message.forced ?? false,
    ...(message.f && { vector: floats(message.f) }),
  };
}

function floats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, i) =>
    view.getFloat32(4 * i, true),
  );
}
