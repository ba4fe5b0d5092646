import type { RunOutputs, WorkItem } from './inferenceMessages.ts';

/** What an inference thread does: runs batches, forgets streams. */
export interface Engine {
  run(items: readonly WorkItem[], rows: number, keep: number): Promise<RunOutputs>;
  forget(stream: number): void;
  /** One call of the model on whatever lies in the arena: nothing gathered, nothing kept. */
  bare(batch: number, rows: number): Promise<void>;
}

/** One call of the model over some of a batch's streams. */
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

/** Shapes of a run: `rows` tokens a stream go in, the last `keep` come out. */
export interface RunShape {
  readonly rows: number;
  readonly keep: number;
  readonly featureWidth: number;
}

/**
 * Runs a batch so that a row that fails fails alone: when the whole call throws, every stream is tried by
 * itself; a stream whose features are not finite is refused and its state stays as it was.
 */
export async function runRows(
  items: readonly WorkItem[],
  shape: RunShape,
  attempt: (items: readonly WorkItem[], laneOf: readonly number[], rows: number) => Promise<Attempt>,
): Promise<RunOutputs> {
  const { rows, keep, featureWidth } = shape;
  const B = items.length;
  const features = new Float32Array(B * keep * featureWidth);
  const failed: (string | undefined)[] = items.map(() => undefined);
  let boundary: Float32Array | undefined;
  let speech: Float32Array | undefined;
  let runMs = 0;
  let gatherMs = 0;

  const accept = (from: Attempt, first: number, count: number): void => {
    const start = performance.now();
    runMs += from.runMs;
    gatherMs += from.gatherMs;
    if (from.boundary) boundary ??= new Float32Array(B * keep);
    if (from.speech) speech ??= new Float32Array(B * keep);
    for (let b = 0; b < count; b++) {
      const row = first + b;
      lastRows(from.features, features, { b, row, rows, keep, width: featureWidth });
      if (from.boundary) lastRows(from.boundary, boundary!, { b, row, rows, keep, width: 1 });
      if (from.speech) lastRows(from.speech, speech!, { b, row, rows, keep, width: 1 });
      if (finite(features.subarray(row * keep * featureWidth, (row + 1) * keep * featureWidth))) {
        from.commit(b);
      } else {
        failed[row] = 'the encoder gave features that are not finite';
      }
    }
    gatherMs += performance.now() - start;
  };

  try {
    const laneOf = items.map((_, b) => b);
    accept(await attempt(items, laneOf, rows), 0, B);
  } catch (whole) {
    if (B === 1) failed[0] = String(whole instanceof Error ? whole.message : whole);
    for (let b = 0; b < B && B > 1; b++) {
      try {
        accept(await attempt([items[b]], [b], rows), b, 1);
      } catch (error) {
        failed[b] = String(error instanceof Error ? error.message : error);
      }
    }
  }
  return { features, boundary, speech, failed, runMs, gatherMs };
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

function finite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return false;
  }
  return true;
}
