import { expect, it } from 'vitest';
import { createSpares } from '../../../src/models/inference/spares.ts';

const made = (maxBytes: number) => createSpares(maxBytes, (one: Uint8Array) => one.byteLength);

it('gives back what was given, of exactly that size', () => {
  const spares = made(100);
  const [small, large] = [new Uint8Array(10), new Uint8Array(20)];
  spares.giveBack(small);
  spares.giveBack(large);
  expect(spares.bytes).toBe(30);
  expect(spares.take(15)).toBeUndefined();
  expect(spares.take(20)).toBe(large);
  expect(spares.take(20)).toBeUndefined();
  expect(spares.take(10)).toBe(small);
  expect(spares.bytes).toBe(0);
});

it('keeps no more than its bound, whatever the sizes', () => {
  const spares = made(30);
  for (const size of [10, 20, 1]) spares.giveBack(new Uint8Array(size));
  expect(spares.bytes).toBe(30);
  expect(spares.take(1)).toBeUndefined();
  spares.take(10);
  spares.giveBack(new Uint8Array(1));
  expect(spares.bytes).toBe(21);
});

it('lets all go', () => {
  const spares = made(100);
  spares.giveBack(new Uint8Array(10));
  spares.clear();
  expect([spares.bytes, spares.take(10)]).toEqual([0, undefined]);
});
