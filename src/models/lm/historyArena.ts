import { createCacheArena, type CacheShape } from '../inference/cacheArena.ts';
import type { LmItem } from './lmMessages.ts';
import { gatherRing, scatterRing, writeAges, type KeptMemory } from '../inference/kvRing.ts';
import { historyShape } from './lmMemory.ts';
import { tensor, type Tensor } from '../inference/tensors.ts';

/** Gathers what a batch's items see into tensors, and keeps what comes of it. */
export interface SequenceArena {
  /** Lays the items out; element b of the result is the item in row b. */
  gather(items: readonly LmItem[], memories: ReadonlyMap<number, KeptMemory>): readonly LmItem[];
  /** `past_age` and the cache over the first B rows. */
  feeds(B: number): Record<string, Tensor>;
  /** Keeps the new keys and values of row b, `[2·L, c, V]`. */
  keep(b: number, item: LmItem, present: Float32Array, memory: KeptMemory): void;
}

/** The arena of histories: chunks of CHUNK_UNITS upon rings. A chunk may be run again with more units in it: the same bits for those that were there. */
export function createHistoryArena(cache: CacheShape, maxBatch: number): SequenceArena {
  const shape = historyShape(cache);
  const arena = createCacheArena(cache, maxBatch);
  const W = cache.window;
  const ages = new Float32Array(maxBatch * W);
  return {
    gather: (items, memories) => {
      items.forEach((item, b) => {
        const { first, start } = item;
        writeAges(ages.subarray(b * W, (b + 1) * W), shape, first, first - start);
        gatherRing(memories.get(item.sequence)!.own, arena.rows[b], shape, first);
      });
      return items;
    },
    feeds: (B) => ({ past_age: tensor(ages.subarray(0, B * W), [B, W]), ...arena.feeds(B) }),
    keep: (_, { first, units }, present, memory) => {
      scatterRing(memory.own, present, shape, first, units.length);
      scatterRing(memory.shared, present, shape, first, units.length);
    },
  };
}
