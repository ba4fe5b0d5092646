import { describe, expect, it } from 'vitest';
import { scoreLine } from '../../src/formats/scoreLine.ts';

const score = { logProbabilities: Float64Array.of(-0.5, -2, -1.00004, 0), end: -3 };

describe('scoreLine', () => {
  it('leaves pauses out of the mean, not out of the sum', () => {
    const line = scoreLine({ file: 'a.wav', units: [0, 7, 3, 0], score }, true);
    expect(line.endsWith('}\n')).toBe(true);
    expect(JSON.parse(line)).toEqual({
      file: 'a.wav',
      units: 2,
      mean: -1.5,
      logProbability: -6.5,
      end: -3,
      ids: [0, 7, 3, 0],
      logProbabilities: [-0.5, -2, -1, 0],
    });
  });

  it('has no mean where nobody speaks', () => {
    const silent = { logProbabilities: Float64Array.of(-0.25), end: -1 };
    const line = JSON.parse(scoreLine({ file: '-', units: [0], score: silent }, false)) as object;
    expect(line).toEqual({ file: '-', units: 0, mean: null, logProbability: -1.25, end: -1 });
  });
});
