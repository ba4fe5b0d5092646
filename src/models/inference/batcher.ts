import { turn } from '../../core/turn.ts';

/** Gathers the work of many streams into one run. */
export interface Batcher<Item, Result> {
  /** Queues one item; resolves with its own result, rejects with its own error. */
  submit(item: Item): Promise<Result>;
  /** Rejects everything that waits, and every later `submit`, with `reason`. */
  close(reason: Error): void;
  /** Items that wait for a run. */
  readonly queued: number;
}

/** How a batcher forms and runs its batches. */
export interface BatcherOptions<Item, Result> {
  /** Most items of one run, of any key or of each. */
  readonly maxBatch: number | ((key: number) => number);
  /** Items run together only when their keys are equal (their tensors have one shape). */
  readonly key: (item: Item) => number;
  /** Runs one batch; an element that is an `Error` fails that item alone, a rejection fails them all. */
  readonly run: (items: readonly Item[]) => Promise<readonly (Result | Error)[]>;
  /**
   * Waits a turn between two runs, so that who submits again on a result joins those that wait: full batches where many
   * have all their steps at hand, at the price of a runner that rests meanwhile. Default false.
   */
  readonly gathers?: boolean | undefined;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Greedy batching without a waiting window: while a run is under way items gather; the moment it ends the
 * oldest item goes next, with all others of its key, oldest first, up to `maxBatch`. (A waiting window only
 * added latency: batches form by themselves whenever the runner is the bottleneck.)
 */
export function createBatcher<Item, Result>(
  options: BatcherOptions<Item, Result>,
): Batcher<Item, Result> {
  const { maxBatch, key, run, gathers = false } = options;
  let waiting: Waiting<Item, Result>[] = [];
  let running = false;
  let closed: Error | undefined;

  async function drain(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      const batch = takeBatch();
      try {
        const results = await run(batch.map(({ item }) => item));
        batch.forEach((entry, i) => settle(entry, results[i]));
      } catch (error) {
        batch.forEach(({ reject }) => reject(error as Error));
      }
      if (gathers) await turn();
    }
    running = false;
  }

  function takeBatch(): Waiting<Item, Result>[] {
    const wanted = key(waiting[0].item);
    const most = typeof maxBatch === 'number' ? maxBatch : maxBatch(wanted);
    const batch: Waiting<Item, Result>[] = [];
    const left: Waiting<Item, Result>[] = [];
    for (const entry of waiting) {
      (batch.length < most && key(entry.item) === wanted ? batch : left).push(entry);
    }
    waiting = left;
    return batch;
  }

  return {
    submit: (item) =>
      new Promise<Result>((resolve, reject) => {
        if (closed) {
          reject(closed);
          return;
        }
        waiting.push({ item, resolve, reject });
        // A microtask later, so that items submitted in one turn share the first run.
        if (!running) {
          running = true;
          queueMicrotask(() => void drain());
        }
      }),
    close: (reason) => {
      closed = reason;
      for (const { reject } of waiting) reject(reason);
      waiting = [];
    },
    get queued() {
      return waiting.length;
    },
  };
}

function settle<Item, Result>(entry: Waiting<Item, Result>, result: Result | Error): void {
  if (result instanceof Error) entry.reject(result);
  else entry.resolve(result);
}
