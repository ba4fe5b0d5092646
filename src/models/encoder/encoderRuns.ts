import { failAlone, finite } from '../inference/engine.ts';
import type { EncoderBatch, EncoderItem, EncoderOutputs } from './encoderMessages.ts';

/** One call of the encoder over some of a batch's streams. */
export interface Attempt {
  /** `[B, rows, D]`. */
  readonly features: Float32Array;
  /** `[B, rows]`. */
  readonly boundary: Float32Array | undefined;
  readonly speech: Float32Array | undefined;
  readonly runMs: number;
  readonly gatherMs: number;
  /** Keeps the state of the b-th stream of the call. */
  readonly commit: (b: number) => void;
}

/**
 * Runs a batch of the encoder and collects the last `keep` rows of each stream; a stream whose features are not
 * finite is refused and its state stays as it was.
 */
export async function runEncoder(
  { items, rows, keep }: EncoderBatch,
  featureWidth: number,
  attempt: (
    items: readonly EncoderItem[],
    laneOf: readonly number[],
    rows: number,
  ) => Promise<Attempt>,
): Promise<EncoderOutputs> {
  const B = items.length;
  const features = new Float32Array(B * keep * featureWidth);
  let boundary: Float32Array | undefined;
  let speech: Float32Array | undefined;
  let runMs = 0;
  let gatherMs = 0;

  const failed = await failAlone(B, async (places, refused) => {
    const from = await attempt(
      places.map((place) => items[place]),
      places,
      rows,
    );
    const start = performance.now();
    runMs += from.runMs;
    gatherMs += from.gatherMs;
    if (from.boundary) boundary ??= new Float32Array(B * keep);
    if (from.speech) speech ??= new Float32Array(B * keep);
    places.forEach((row, b) => {
      lastRows(from.features, features, { b, row, rows, keep, width: featureWidth });
      if (from.boundary) lastRows(from.boundary, boundary!, { b, row, rows, keep, width: 1 });
      if (from.speech) lastRows(from.speech, speech!, { b, row, rows, keep, width: 1 });
      if (finite(features.subarray(row * keep * featureWidth, (row + 1) * keep * featureWidth))) {
        from.commit(b);
      } else {
        refused[row] = 'the encoder gave features that are not finite';
      }
    });
    gatherMs += performance.now() - start;
  });
  return { features, boundary, speech, failed, runMs, gatherMs };
}

/** The arrays of the outputs, to be handed over to the main thread. */
export function encoderTransfer({ features, boundary, speech }: EncoderOutputs): ArrayBuffer[] {
  return [features, boundary, speech].flatMap((array) =>
    array ? [array.buffer as ArrayBuffer] : [],
  );
}

interface RowPlace {
  readonly b: number;
  readonly row: number;
  readonly rows: number;
  readonly keep: number;
  readonly width: number;
}

function lastRows(from: Float32Array, to: Float32Array, place: RowPlace): void {
  const { b, row, rows, keep, width } = place;
  const start = (b * rows + rows - keep) * width;
  to.set(from.subarray(start, start + keep * width), row * keep * width);
}
