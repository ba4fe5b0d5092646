import { describe, expect, it } from 'vitest';
import { createPatience, patienceMs } from '../../../src/streams/pool/patience.ts';

describe('patienceMs', () => {
  it('lets nothing wait in a thread that has time', () => {
    expect([0, 0.1, 0.35].map(patienceMs)).toEqual([0, 0, 0]);
  });

  it('grows with what the thread has to do, up to a fifth of a step', () => {
    expect(patienceMs(0.55)).toBeCloseTo(15, 9);
    expect([0.75, 0.9, 1].map(patienceMs)).toEqual([30, 30, 30]);
  });
});

describe('createPatience', () => {
  it('has none before it has measured anything', () => {
    expect(createPatience().ms).toBe(0);
  });
});
