import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFramer } from '../../src/mel/framer.ts';
import { anyCuts, cutInto } from '../helpers/cuts.ts';

const ramp = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => i);

function windowsOf(
  pieces: Float32Array[],
  windowSamples?: number,
  hopSamples?: number,
): number[][] {
  const framer = createFramer(windowSamples, hopSamples);
  const windows: number[][] = [];
  for (const piece of pieces) framer.push(piece, (window) => windows.push([...window]));
  return windows;
}

describe('createFramer', () => {
  it('gives window f the samples from hop·f on', () => {
    expect(windowsOf([ramp(9)], 4, 2)).toEqual([
      [0, 1, 2, 3],
      [2, 3, 4, 5],
      [4, 5, 6, 7],
    ]);
    expect(windowsOf([ramp(7)], 3, 3)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
  });

  it('gives a window with its last sample, not before', () => {
    expect(windowsOf([ramp(399)])).toHaveLength(0);
    expect(windowsOf([ramp(400)])).toHaveLength(1);
    expect(windowsOf([ramp(559)])).toHaveLength(1);
    expect(windowsOf([ramp(560)])).toHaveLength(2);
  });

  it('gives nothing for nothing', () => {
    expect(windowsOf([])).toEqual([]);
    expect(windowsOf([new Float32Array(0), new Float32Array(0)])).toEqual([]);
  });

  it('gives the same windows for any chunking', () => {
    const samples = ramp(3000);
    const whole = windowsOf([samples]);
    fc.assert(
      fc.property(anyCuts(samples.length), (lengths) => {
        expect(windowsOf(cutInto(samples, lengths))).toEqual(whole);
      }),
      { numRuns: 25 },
    );
  });

  it('leaves the samples it was given alone', () => {
    const samples = ramp(1000);
    windowsOf([samples]);
    expect(samples).toEqual(ramp(1000));
  });

  it('refuses sizes that are no windows', () => {
    expect(() => createFramer(0)).toThrow(
      new RangeError('windowSamples must be a whole number of 1 or more, got 0'),
    );
    expect(() => createFramer(4, 5)).toThrow(
      new RangeError('hopSamples must be a whole number from 1 to 4, got 5'),
    );
    expect(() => createFramer(4, 1.5)).toThrow(RangeError);
  });
});
