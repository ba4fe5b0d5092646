import type { Draw, Drawn } from './drawUnit.ts';
import type { CacheShape } from '../inference/cacheArena.ts';
import { CHUNK_UNITS, historyBytes } from './lmMemory.ts';
import type { LmPool } from './lmPool.ts';
import type { PooledMemory } from '../inference/memoryPool.ts';

/** What a stream has said, in the model: keys and values of what lies upon the grid, unit numbers of the rest. */
export interface History {
  /** For the jobs of hypotheses that branch from here: the history as it is now, all of it fed. */
  readonly parent: {
    readonly sequence: number;
    readonly kept: PooledMemory;
    readonly length: number;
  };
  /** Position of the oldest unit that was fed. */
  readonly start: number;
  /** The last unit; the boundary id before the first. */
  readonly last: number;
  /** Adds a unit, and feeds in the background the chunks that are behind it. */
  push(id: number): void;
  /** Catches up and draws from what follows the last unit. Rejects with what made feeding fail. */
  draw(draws: readonly Draw[]): Promise<readonly Drawn[]>;
  release(): void;
}

/**
 * Starts a history with the boundary id. Units are fed by chunks of CHUNK_UNITS from the first on; the last chunk, whole
 * or not, waits for `draw`, which runs it as far as it is. So every key and value is computed in one way only,
 * however the units came. When more wait than the last one can see through all layers, the oldest are left out: what they
 * would have changed nobody sees.
 */
export function createHistory(pool: LmPool, cache: CacheShape, boundary: number): History {
  const slot = pool.open();
  const sequence = slot.stream;
  const kept = pool.memories.take(historyBytes(cache));
  const { memory } = kept;
  /** Units before a position that may have a say in it. */
  const field = cache.layers * cache.window;
  /** Units from position `first`, a multiple of CHUNK_UNITS, on. */
  const waiting = [boundary];
  let first = 0;
  let start = 0;
  let feeding: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;

  function run(draws: readonly Draw[]) {
    const units = waiting.slice(0, CHUNK_UNITS);
    return kept.during(slot.run({ sequence, memory, first, start, units, draws, targets: [] }));
  }

  function advance(count: number): void {
    waiting.splice(0, count);
    first += count;
  }

  async function feed(): Promise<void> {
    while (waiting.length > CHUNK_UNITS && !failure) {
      const unseen = waiting.length - CHUNK_UNITS - field;
      if (unseen >= CHUNK_UNITS) {
        advance(unseen - (unseen % CHUNK_UNITS));
        start = first;
      }
      try {
        await run([]);
        advance(CHUNK_UNITS);
      } catch (error) {
        failure = { error };
      }
    }
  }

  function catchUp(): Promise<void> {
    feeding ??= feed().finally(() => (feeding = undefined));
    return feeding;
  }

  return {
    get parent() {
      return { sequence, kept, length: first + waiting.length };
    },
    get start() {
      return start;
    },
    get last() {
      return waiting.at(-1)!;
    },
    push: (id) => {
      if (failure) return; // `draw` says so
      waiting.push(id);
      if (waiting.length > CHUNK_UNITS) void catchUp();
    },
    draw: async (draws) => {
      while (waiting.length > CHUNK_UNITS && !failure) await catchUp();
      if (failure) throw failure.error;
      return (await run(draws)).drawn;
    },
    release: () => {
      slot.release();
      kept.release();
    },
  };
}
