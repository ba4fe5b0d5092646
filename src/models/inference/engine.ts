import type { LoadedModel } from './tensors.ts';

/** What an inference thread does: runs batches, forgets streams. */
export interface Engine<Batch, Outputs> {
  readonly loaded: LoadedModel;
  run(batch: Batch): Promise<Outputs>;
  /** Memory of the outputs that can be handed over instead of copied. */
  transferred?(outputs: Outputs): ArrayBuffer[];
  forget(stream: number): void;
  /** One call of the model on whatever lies in the arena: nothing gathered, nothing kept. */
  bare(batch: number, rows: number): Promise<void>;
}

/**
 * Runs a batch so that a row that fails fails alone: when the whole call throws, every row is tried by itself.
 *
 * @param attempt runs the rows at these places of the batch and takes what comes out; may throw
 * @returns for each row why it failed, or nothing; `attempt` may add reasons of its own
 */
export async function failAlone(
  rows: number,
  attempt: (places: readonly number[], failed: (string | undefined)[]) => Promise<void>,
): Promise<(string | undefined)[]> {
  const all = Array.from({ length: rows }, (_, place) => place);
  const failed: (string | undefined)[] = all.map(() => undefined);
  try {
    await attempt(all, failed);
  } catch (whole) {
    if (rows === 1) failed[0] = reasonOf(whole);
    for (const place of rows > 1 ? all : []) {
      try {
        await attempt([place], failed);
      } catch (error) {
        failed[place] = reasonOf(error);
      }
    }
  }
  return failed;
}

/** What went wrong, in words. */
function reasonOf(error: unknown): string {
  return String(error instanceof Error ? error.message : error);
}

/** Says whether every number is finite. */
export function finite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return false;
  }
  return true;
}
