import { describe, expect, it } from 'vitest';
import { isFiniteSample, splitFinite } from '../../src/core/finite.ts';
import { createLogMel } from '../../src/mel/logMel.ts';

describe('isFiniteSample', () => {
  it('takes values whose energy in a frame is a number', () => {
    for (const value of [0, -1, 16, 32_768, 1e9, -1e9]) expect(isFiniteSample(value)).toBe(true);
    for (const value of [NaN, Infinity, -Infinity, 1.1e9, -3e38])
      expect(isFiniteSample(value)).toBe(false);
  });

  it('lets nothing through that log-mel cannot take', () => {
    const frame = Float32Array.from({ length: 800 }, (_, i) => (i % 2 === 0 ? 1e9 : -1e9));
    const [block] = createLogMel().push({ samples: frame });
    expect(block).toHaveProperty('mel');
    expect([...(block as { mel: Float32Array }).mel].every(Number.isFinite)).toBe(true);
  });
});

describe('splitFinite', () => {
  it('says which sample is too large to be one, and keeps what is before it', () => {
    const { finite, error } = splitFinite(
      Float32Array.of(0.5, 2e9, 0),
      (place) => 320 + place,
      16_000,
    );
    expect([...finite]).toEqual([0.5]);
    expect(error).toMatchObject({ code: 'SYLSTREAM_ERR_AUDIO_NOT_FINITE' });
    expect(error?.message).toContain('got 2000000000 at sample 321');
  });
});
