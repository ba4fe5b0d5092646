import type { KeptMemory } from './kvRing.ts';
import { ownMemory } from './mappedMemory.ts';
import { createSpares } from './spares.ts';

/** The memories of streams that a thread works on, by stream. */
export interface KeptMemories extends ReadonlyMap<number, KeptMemory> {
  /** Takes a stream's memory into the thread. Only between batches: what was forgotten is used again. */
  open(stream: number, memory: ArrayBufferLike): void;
  forget(stream: number): void;
}

/** At most so much waits for a next stream, about 40 rings of `small`; what is beyond it goes to the collector. */
const MAX_SPARE_BYTES = 16 * 2 ** 20;

/** Keeps memories; the thread's own copies are used again, because an idle thread collects no garbage. */
export function createKeptMemories(maxSpareBytes: number = MAX_SPARE_BYTES): KeptMemories {
  const kept = new Map<number, KeptMemory>();
  const spares = createSpares(maxSpareBytes, (own: Float32Array) => own.byteLength);

  function copyOf(shared: Float32Array): Float32Array {
    const { byteLength, length } = shared;
    const own = spares.take(byteLength) ?? new Float32Array(ownMemory(byteLength), 0, length);
    own.set(shared);
    return own;
  }

  return Object.assign(kept, {
    open(stream: number, memory: ArrayBufferLike) {
      const shared = new Float32Array(memory);
      kept.set(stream, { shared, own: copyOf(shared) });
    },
    forget(stream: number) {
      const own = kept.get(stream)?.own;
      if (own === undefined) return;
      kept.delete(stream);
      spares.giveBack(own);
    },
  });
}
