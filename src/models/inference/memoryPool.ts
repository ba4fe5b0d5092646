import { sharedMemory } from './mappedMemory.ts';
import { createSpares } from './spares.ts';

/** A memory that a stream has to itself until it gives it back. */
export interface PooledMemory {
  /** Zeros at first. */
  readonly memory: ArrayBufferLike;
  /** Keeps the memory from being used again while a thread may still write to it, released or not. */
  during<T>(work: Promise<T>): Promise<T>;
  /** Gives it back as soon as no work is under way; a second call does nothing. */
  release(): void;
}

/** Memories of streams, used again when their streams are gone. */
export interface MemoryPool {
  take(bytes: number): PooledMemory;
  /** Bytes of the memories that are out. */
  readonly usedBytes: number;
  /** Bytes of those that wait for a next stream. */
  readonly spareBytes: number;
}

/** At most so much waits for a next stream: about 190 rings of `small`; what is beyond it goes to the collector. */
const MAX_SPARE_BYTES = 64 * 2 ** 20;

/**
 * Makes an empty pool. Shared memory is freed only after collections in every thread that saw it, and V8 does not hurry for
 * it: streams that come and go would leave gigabytes behind them. A memory that is used again is filled with zeros, so
 * that no stream sees another's.
 */
export function createMemoryPool(maxSpareBytes: number = MAX_SPARE_BYTES): MemoryPool {
  const spares = createSpares(maxSpareBytes, (memory: ArrayBufferLike) => memory.byteLength);
  let usedBytes = 0;

  function reuse(bytes: number): ArrayBufferLike | undefined {
    const memory = spares.take(bytes);
    if (memory !== undefined) new Uint8Array(memory).fill(0);
    return memory;
  }

  return {
    get usedBytes() {
      return usedBytes;
    },
    get spareBytes() {
      return spares.bytes;
    },
    take(bytes) {
      const memory = reuse(bytes) ?? sharedMemory(bytes);
      usedBytes += bytes;
      let underWay = 0;
      let state: 'out' | 'released' | 'back' = 'out';
      const settle = (): void => {
        if (state !== 'released' || underWay > 0) return;
        state = 'back';
        usedBytes -= bytes;
        spares.giveBack(memory);
      };
      return {
        memory,
        async during(work) {
          underWay++;
          try {
            return await work;
          } finally {
            underWay--;
            settle();
          }
        },
        release() {
          if (state === 'out') state = 'released';
          settle();
        },
      };
    },
  };
}
