import { createCacheArena, type CacheShape } from '../inference/cacheArena.ts';
import type { SequenceArena } from './historyArena.ts';
import type { LmItem } from './lmMessages.ts';
import type { KeptMemory } from '../inference/kvRing.ts';
import { tensor } from '../inference/tensors.ts';

/**
 * The arena of hypotheses, one unit at a time. Position τ lies in row τ mod W of its hypothesis' row of the batch, so a
 * step replaces just one of W rows; a hypothesis that finds itself where the last step left it is not gathered again.
 */
export function createHypothesisArena(cache: CacheShape, maxBatch: number): SequenceArena {
  const { layers, window: W, rowWidth } = cache;
  const arena = createCacheArena(cache, maxBatch);
  const ages = new Float32Array(maxBatch * W);
  /** Whose cache lies in a row, and up to which position. */
  const residents: ({ readonly sequence: number; readonly first: number } | undefined)[] =
    Array.from({ length: maxBatch });

  /** Copies positions [from, to) of a sequence, of which position `origin` lies in row 0 of its memory. */
  function copy(
    memory: Float32Array,
    origin: number,
    from: number,
    to: number,
    target: number,
  ): void {
    const planes = arena.rows[target];
    const rows = memory.length / (planes.length * rowWidth);
    for (let at = from; at < to;) {
      const source = (at - origin) % rows;
      const slot = at % W;
      const count = Math.min(to - at, rows - source, W - slot);
      planes.forEach((plane, p) => {
        const begin = (p * rows + source) * rowWidth;
        plane.set(memory.subarray(begin, begin + count * rowWidth), slot * rowWidth);
      });
      at += count;
    }
  }

  function fill(b: number, item: LmItem, memories: ReadonlyMap<number, KeptMemory>): void {
    const { sequence, first, start } = item;
    const { length, sequence: parent } = item.parent!;
    const oldest = Math.max(start, first - W);
    copy(memories.get(parent)!.own, 0, Math.min(oldest, length), length, b);
    copy(memories.get(sequence)!.own, length, Math.max(oldest, length), first, b);
    residents[b] = { sequence, first };
  }

  return {
    gather: (items, memories) => {
      const order = seat(items, residents);
      order.forEach((item, b) => {
        const resident = residents[b];
        if (resident?.sequence !== item.sequence || resident.first !== item.first)
          fill(b, item, memories);
        writeSlotAges(ages.subarray(b * W, (b + 1) * W), item);
      });
      return order;
    },
    feeds: (B) => ({ past_age: tensor(ages.subarray(0, B * W), [B, W]), ...arena.feeds(B) }),
    keep: (b, item, present, memory) => {
      const { sequence, first, parent } = item;
      const rows = memory.own.length / (2 * layers * rowWidth);
      const row = (first - parent!.length) % rows;
      arena.rows[b].forEach((plane, p) => {
        const fresh = present.subarray(p * rowWidth, (p + 1) * rowWidth);
        plane.set(fresh, (first % W) * rowWidth);
        memory.own.set(fresh, (p * rows + row) * rowWidth);
        memory.shared.set(fresh, (p * rows + row) * rowWidth);
      });
      residents[b] = { sequence, first: first + 1 };
    },
  };
}

/** Gives every item a row: its old one where it has one among the first, else any that is left. */
function seat(
  items: readonly LmItem[],
  residents: readonly ({ readonly sequence: number } | undefined)[],
): readonly LmItem[] {
  const seats: (LmItem | undefined)[] = items.map(() => undefined);
  const rowOf = new Map(items.map((_, b) => [residents[b]?.sequence, b]));
  const standing = items.filter((item) => {
    const row = rowOf.get(item.sequence);
    if (row === undefined) return true;
    seats[row] = item;
    return false;
  });
  return seats.map((item) => item ?? standing.pop()!);
}

/** The age of each of the W slots as the item's unit sees it, 1 to W, or 0 for those that hold nothing. */
function writeSlotAges(ages: Float32Array, { first, start }: LmItem): void {
  const W = ages.length;
  for (let slot = 0; slot < W; slot++) {
    const age = ((((first - 1 - slot) % W) + W) % W) + 1;
    ages[slot] = age <= first - start ? age : 0;
  }
}
