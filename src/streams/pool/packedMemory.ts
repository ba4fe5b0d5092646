import {
  packedRingLength,
  packRing,
  unpackRing,
  type RingShape,
} from '../../models/inference/kvRing.ts';
import { sharedMemory } from '../../models/inference/mappedMemory.ts';
import {
  readCheckpoint,
  readState,
  writeState,
  type Checkpoint,
  type StreamMemory,
} from './streamMemory.ts';

/** A stream's memory while no thread works on it: nothing but what going on needs. */
export interface PackedMemory {
  readonly bytes: number;
  readonly checkpoint: Checkpoint;
  /** Puts it into the memory of a stream that has not begun. */
  unpack(memory: StreamMemory): void;
}

/** Copies what counts of a memory: the rows that there are, the newest state. */
export function packMemory(memory: StreamMemory, shape: RingShape): PackedMemory {
  const checkpoint = readCheckpoint(memory);
  const state = readState(memory) ?? new Uint8Array(0);
  const length = packedRingLength(shape, checkpoint.token);
  const bytes = 4 * length + state.length;
  const kept = sharedMemory(bytes);
  const ring = new Float32Array(kept, 0, length);
  const keptState = new Uint8Array(kept, 4 * length, state.length);
  packRing(new Float32Array(memory.ring), ring, shape);
  keptState.set(state);
  return {
    bytes,
    checkpoint,
    unpack(into) {
      unpackRing(new Float32Array(into.ring), ring, shape);
      if (keptState.length > 0) writeState(into, { bytes: () => keptState });
    },
  };
}
