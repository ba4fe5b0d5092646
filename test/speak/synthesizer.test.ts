import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createStateBuffer, createStateReader } from '../../src/core/savedState.ts';
import { HOP_SAMPLES } from '../../src/core/time.ts';
import { synthesisFft } from '../../src/speak/fourier.ts';
import { FRAME_WIDTH, silence, VOICED } from '../../src/speak/frame.ts';
import { createSynthesizer, type SynthesizerOptions } from '../../src/speak/synthesizer.ts';
import { anyCuts, cutInto, drive, join } from '../helpers/cuts.ts';
import { fixture } from '../helpers/speech.ts';

/** From test/fixtures/make_speak.py: WORLD's frames of speech, and numpy's synthesis of them. */
const floats = (name: string): Float32Array => {
  const bytes = readFileSync(fixture(`speak/${name}.f32`));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

const FRAMES = floats('frames');
const COUNT = FRAMES.length / FRAME_WIDTH;

const said = (frames: readonly Float32Array[], options?: SynthesizerOptions): Float32Array =>
  join(drive(createSynthesizer(options), frames).map(({ samples }) => samples));

/** Frames in pieces of so many. */
const pieces = (lengths: readonly number[]): Float32Array[] =>
  cutInto(
    FRAMES,
    lengths.map((frames) => frames * FRAME_WIDTH),
  );

describe('createSynthesizer', () => {
  beforeAll(() => synthesisFft.load());

  it.each([
    ['plain', 0],
    ['sharpened', 0.3],
  ] as const)("gives what numpy's synthesis gives, %s", (name, sharpen) => {
    const expected = floats(name);
    const found = said([FRAMES], { sharpen });
    // After the last frame numpy knows no pitch to go to.
    const counted = expected.length - HOP_SAMPLES;
    const loudest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expect(loudest).toBeGreaterThan(0.02);
    for (let i = 0; i < counted; i++) {
      if (Math.abs(found[i] - expected[i]) > 1e-4 * loudest) {
        expect.fail(`sample ${i}: expected ${expected[i]}, got ${found[i]}`);
      }
    }
  });

  it('gives 160 samples a frame, the same for any cut of the frames', () => {
    const whole = said([FRAMES]);
    expect(whole.length).toBe(COUNT * HOP_SAMPLES);
    fc.assert(
      fc.property(anyCuts(COUNT), (lengths) => {
        expect(said(pieces(lengths))).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  it('gives nothing for nothing', () => {
    expect(said([])).toEqual(new Float32Array(0));
    expect(said([new Float32Array(0)])).toEqual(new Float32Array(0));
  });

  it('is silent where its frames are, and never repeats its noise', () => {
    const quiet = new Float32Array(20 * FRAME_WIDTH);
    silence(quiet, 0, 20);
    expect(Math.max(...said([quiet]).map(Math.abs))).toBeLessThan(2e-4);

    const hiss = new Float32Array(40 * FRAME_WIDTH); // an envelope of 0: noise of variance 1
    for (let n = 0; n < 40; n++) hiss[n * FRAME_WIDTH + VOICED] = 0;
    const noise = said([hiss]).subarray(HOP_SAMPLES);
    const power = noise.reduce((sum, x) => sum + x * x, 0) / noise.length;
    expect(power).toBeGreaterThan(0.6); // two windows in a row: 0.75 where they overlap as amplitudes of one noise
    expect(power).toBeLessThan(1.1);
    expect(noise.subarray(0, 1600)).not.toEqual(noise.subarray(1600, 3200));
  });

  it('goes on bit for bit from what it saved, wherever that was', () => {
    const whole = said([FRAMES]);
    const buffer = createStateBuffer();
    for (const cut of [0, 1, 2, 37, COUNT]) {
      const first = createSynthesizer();
      const [head, tail] = [
        FRAMES.subarray(0, cut * FRAME_WIDTH),
        FRAMES.subarray(cut * FRAME_WIDTH),
      ];
      const before = [...first.push(head)];
      buffer.clear();
      first.save(buffer);
      const second = createSynthesizer();
      second.restore(createStateReader(buffer.bytes()));
      const after = [...second.push(tail), ...second.flush()];
      expect(join([...before, ...after].map(({ samples }) => samples))).toEqual(whole);
    }
  });
});
