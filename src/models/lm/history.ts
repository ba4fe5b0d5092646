import { PipelineError } from '../../core/errors.ts';
import type { CacheShape } from '../inference/cacheArena.ts';
import type { Draw, Drawn } from './drawUnit.ts';
import { CHUNK_UNITS, historyBytes } from './lmMemory.ts';
import type { LmPool } from './lmPool.ts';
import type { PooledMemory } from '../inference/memoryPool.ts';

/** What a stream has said, in the model: keys and values of what lies upon the grid, unit numbers of the rest. */
export interface History {
  /** For the jobs of hypotheses that begin here: the history as it is now, all of it fed. */
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
  /** Gives the memory back and keeps the units that the next one sees: the next `draw` feeds them again, to the same bits. */
  rest(): void;
  release(): void;
}

/**
 * Starts a history with the boundary id. Units are fed by chunks of CHUNK_UNITS from the first on; the last chunk, whole
 * or not, waits for `draw`, which runs it as far as it is. So every key and value is computed in one way only,
 * however the units came. When more wait than the last one can see through all layers, the oldest are left out: what they
 * would have changed nobody sees.
 */
export function createHistory(pool: LmPool, cache: CacheShape, boundary: number): History {
  const enter = () => ({ slot: pool.open(), kept: pool.memories.take(historyBytes(cache)) });
  /** A place in the thread and a memory; none while it rests. */
  let berth: ReturnType<typeof enter> | undefined = enter();
  /** Units before a position that may have a say in it. */
  const field = cache.layers * cache.window;
  /** Units from position `first`, a multiple of CHUNK_UNITS, on. */
  const waiting = [boundary];
  /** The units before them that the first of them sees, or more; a multiple of CHUNK_UNITS. */
  let fed: number[] = [];
  let first = 0;
  let start = 0;
  let feeding: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;

  function run({ slot, kept }: NonNullable<typeof berth>, draws: readonly Draw[]) {
    const { stream: sequence } = slot;
    const { memory } = kept;
    const units = waiting.slice(0, CHUNK_UNITS);
    return kept.during(slot.run({ sequence, memory, first, start, units, draws, targets: [] }));
  }

  function advance(count: number): void {
    fed.push(...waiting.splice(0, count));
    first += count;
    if (fed.length > 2 * field) fed = fed.slice(-field);
  }

  function skipUnseen(): void {
    const unseen = waiting.length - CHUNK_UNITS - field;
    if (unseen < CHUNK_UNITS) return;
    advance(unseen - (unseen % CHUNK_UNITS));
    fed = [];
    start = first;
  }

  function leave(): void {
    berth?.slot.release();
    berth?.kept.release();
    berth = undefined;
  }

  async function feed(): Promise<void> {
    const own = berth;
    while (own && waiting.length > CHUNK_UNITS && !failure) {
      skipUnseen();
      try {
        await run(own, []);
        if (berth !== own) return;
        advance(CHUNK_UNITS);
      } catch (error) {
        if (berth !== own) return;
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
      const { slot, kept } = berth!; // whoever begins here has drawn
      return { sequence: slot.stream, kept, length: first + waiting.length };
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
      if (!berth) skipUnseen();
      else if (waiting.length > CHUNK_UNITS) void catchUp();
    },
    draw: async (draws) => {
      const own = (berth ??= enter());
      while (berth === own && waiting.length > CHUNK_UNITS && !failure) await catchUp();
      if (failure) throw failure.error;
      if (berth !== own)
        throw new PipelineError('SYLSTREAM_ERR_CLOSED', 'the history was put to rest or released');
      return (await run(own, draws)).drawn;
    },
    rest: () => {
      if (!berth || failure) return;
      leave();
      first -= fed.length;
      start = first;
      waiting.unshift(...fed);
      fed = [];
    },
    release: leave,
  };
}
