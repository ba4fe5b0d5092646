import { describe, expect, it } from 'vitest';
import { createLogMelFrame, LOG_MEL_FLOOR } from '../../src/mel/mel.ts';
import { createMelBank, hzToMel } from '../../src/mel/melBank.ts';
import { SPECTRUM_BINS, transform } from '../../src/mel/pffft.ts';
import { seeded } from '../helpers/cuts.ts';
import { createPlainLogMelFrame } from '../helpers/reference/logMelFrame.ts';
import { CLIPS, clipSamples, floats } from '../helpers/speech.ts';

describe('transform', () => {
  it('agrees with the sum that defines it', () => {
    const random = seeded(1);
    const values = Float32Array.from({ length: 400 }, () => random() - 0.5);
    const spectrum = new Float32Array(512);
    transform(values, spectrum);
    for (const k of [0, 1, 2, 77, 128, 255, 256]) {
      let re = 0;
      let im = 0;
      values.forEach((value, n) => {
        re += value * Math.cos((2 * Math.PI * k * n) / 512);
        im -= value * Math.sin((2 * Math.PI * k * n) / 512);
      });
      // Single precision: 1e-7 of the largest amplitude, about 10 here.
      expect(spectrum[k === 256 ? 1 : 2 * k]).toBeCloseTo(re, 5);
      if (k % 256 !== 0) expect(spectrum[2 * k + 1]).toBeCloseTo(im, 5);
    }
  });

  it('keeps nothing of a longer input before', () => {
    const spectrum = new Float32Array(512);
    transform(new Float32Array(512).fill(1), spectrum);
    transform(Float32Array.of(1), spectrum);
    expect(spectrum[0]).toBeCloseTo(1, 6);
    expect(spectrum[1]).toBeCloseTo(1, 6);
    for (let k = 1; k < 256; k++) {
      expect(Math.hypot(spectrum[2 * k], spectrum[2 * k + 1])).toBeCloseTo(1, 6);
    }
  });
});

describe('createMelBank', () => {
  const bank = createMelBank();

  it('leaves filter 3 empty and no other', () => {
    const empty = Array.from({ length: 128 }, (_, m) => m).filter(
      (m) => bank.offset[m] === bank.offset[m + 1],
    );
    expect(empty).toEqual([3]);
  });

  it('weighs every spectrum bin between the outer centres with 1 in all', () => {
    const sums = new Float64Array(SPECTRUM_BINS);
    for (let m = 0; m < 128; m++) {
      for (let w = bank.offset[m]; w < bank.offset[m + 1]; w++) {
        sums[bank.first[m] + w - bank.offset[m]] += bank.weights[w];
      }
    }
    const step = (hzToMel(8000) - hzToMel(20)) / 129;
    sums.forEach((sum, k) => {
      const mel = hzToMel(31.25 * k);
      if (mel > hzToMel(20) + step && mel < hzToMel(8000) - step) expect(sum).toBeCloseTo(1, 12);
    });
    expect(sums[256]).toBe(0);
  });
});

describe('createLogMelFrame', () => {
  it('gives the bits of the plain form, whatever came before', () => {
    const random = seeded(12);
    const [now, before] = [createLogMelFrame(), createPlainLogMelFrame()];
    for (let size = 1; size > 1e-9; size /= 3) {
      const window = Float32Array.from({ length: 400 }, () => size * (random() - 0.5));
      const [found, wanted] = [new Float32Array(128), new Float32Array(128)];
      now(window, found, 0);
      before(window, wanted, 0);
      expect(found).toEqual(wanted);
    }
  });

  it('gives the logarithm of what is beyond all numbers as it is', () => {
    const frame = createLogMelFrame();
    const mel = new Float32Array(128);
    frame(
      Float32Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? 3e38 : -3e38)),
      mel,
      0,
    );
    expect(
      mel.every(
        (value) => value > 80 || Number.isNaN(value) || value === Math.fround(LOG_MEL_FLOOR),
      ),
    ).toBe(true);
    expect(mel.some((value) => !Number.isFinite(value))).toBe(true);
  });

  it.each(CLIPS)('gives the numbers of torchaudio for %s', (clip) => {
    const samples = clipSamples(clip);
    const golden = floats(`${clip}.mel.f32`);
    const frame = createLogMelFrame();
    const mel = new Float32Array(golden.length);
    for (let f = 0; f < golden.length / 128; f++) {
      frame(samples.subarray(160 * f, 160 * f + 400), mel, 128 * f);
    }
    let worst = 0;
    mel.forEach((value, i) => (worst = Math.max(worst, Math.abs(value - golden[i]))));
    // torchaudio's own single and double precision differ by up to 6e-4 on these clips.
    expect(worst).toBeLessThan(1e-3);
  });

  it('puts silence and a constant at the floor', () => {
    const frame = createLogMelFrame();
    for (const level of [0, 0.5, -1]) {
      const mel = new Float32Array(128);
      frame(new Float32Array(400).fill(level), mel, 0);
      expect(mel.every((value) => value === Math.fround(LOG_MEL_FLOOR))).toBe(true);
    }
  });

  it('finds a tone in the band that holds its frequency', () => {
    const frame = createLogMelFrame();
    const mel = new Float32Array(128);
    const tone = Float32Array.from({ length: 400 }, (_, i) =>
      Math.sin((2 * Math.PI * 1000 * i) / 16_000),
    );
    frame(tone, mel, 0);
    const step = (hzToMel(8000) - hzToMel(20)) / 129;
    expect(mel.indexOf(Math.max(...mel))).toBe(
      Math.round((hzToMel(1000) - hzToMel(20)) / step) - 1,
    );
  });
});
