import * as fc from 'fast-check';
import type { Machine } from '../../src/core/machine.ts';
import type { Control, PcmChunk } from '../../src/core/types.ts';

/** A small seeded generator (mulberry32): uniform in [0, 1), the same on every machine. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Lengths that add up to `total`, drawn log-uniformly from 1 to `max` (10 s at 16 kHz). */
export function cutLengths(total: number, seed: number, max = 160_000): number[] {
  const random = seeded(seed);
  const lengths: number[] = [];
  for (let left = total; left > 0;) {
    const length = Math.min(left, Math.floor(Math.exp(random() * Math.log(max + 1))));
    lengths.push(length);
    left -= length;
  }
  return lengths;
}

/** What `cutInto` needs of an array. */
interface Sliceable<T> {
  readonly length: number;
  slice(start: number, end: number): T;
}

/** Copies an array into pieces of the given lengths. */
export function cutInto<T extends Sliceable<T>>(data: T, lengths: readonly number[]): T[] {
  let at = 0;
  return lengths.map((length) => data.slice(at, (at += length)));
}

/** Copies an array into random pieces of 1 sample to 10 s. */
export function cut<T extends Sliceable<T>>(data: T, seed: number, max?: number): T[] {
  return cutInto(data, cutLengths(data.length, seed, max));
}

/** Random pieces as chunks of the pipeline. */
export function cutChunks(samples: Float32Array, seed: number, max?: number): PcmChunk[] {
  return cut(samples, seed, max).map((piece) => ({ samples: piece }));
}

/** An arbitrary way of cutting `total` values: a seed and a longest piece, so that it shrinks to few long ones. */
export function anyCuts(total: number): fc.Arbitrary<number[]> {
  return fc
    .record({ seed: fc.integer({ min: 0, max: 0xffff }), power: fc.integer({ min: 0, max: 17 }) })
    .map(({ seed, power }) =>
      power === 0 && total <= 20_000
        ? Array.from({ length: total }, () => 1)
        : cutLengths(total, seed, 2 ** Math.max(power, 5)),
    );
}

/** Drives a machine by hand over values and the end of the stream. */
export function drive<In, Out>(machine: Machine<In, Out>, values: Iterable<In>): Out[] {
  const out: Out[] = [];
  try {
    for (const value of values) out.push(...machine.push(value));
    out.push(...machine.flush());
  } finally {
    machine.release?.();
  }
  return out;
}

/** Joins float arrays. */
export function join(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Joins the samples of all chunks in a stream, without its controls. */
export function joinChunks(values: readonly (PcmChunk | Control)[]): Float32Array {
  return join(values.flatMap((value) => ('samples' in value ? [value.samples] : [])));
}
