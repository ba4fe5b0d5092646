import type { Machine } from '../core/machine.ts';
import { MAX_SAVED_TOKEN, type Saved } from '../core/savedState.ts';
import { HOP_SAMPLES } from '../core/time.ts';
import type { PcmChunk } from '../core/types.ts';
import { aperiodicityOver, BINS, minimumPhase, sharpened } from './envelope.ts';
import { POINTS, toSamples, toSpectrum } from './fourier.ts';
import {
  APERIODICITY,
  ENVELOPE,
  ENVELOPE_BANDS,
  FRAME_WIDTH,
  PITCH,
  silence,
  VOICED,
} from './frame.ts';
import { whiteNoise } from './noise.ts';
import { createPulseClock, type Pulse } from './pulses.ts';

/** Bins below are silent: nothing under 47 Hz is speech. */
const LOWEST_BIN = 3;
/** Samples that a frame's window spans: the hop before its sample and the one after. */
const SPAN = 2 * HOP_SAMPLES;
/** Hann; over frames it sums to 1. */
const WINDOW = Float64Array.from({ length: SPAN }, (_, i) => hann(i));

function hann(offset: number): number {
  return 0.5 - 0.5 * Math.cos((Math.PI * offset) / HOP_SAMPLES);
}

/** Pulses of a block of 160 samples at most, one a sample. */
const MOST_PULSES = HOP_SAMPLES;

/** Options of `createSynthesizer()`. */
export interface SynthesizerOptions {
  /** How much formants are brought out, 0 to 1; default 0. */
  readonly sharpen?: number | undefined;
}

/**
 * Turns frames into sound: pulses at the pitch and white noise, both shaped by each frame's envelope made minimum-phase, in windows of
 * 20 ms. Any cut of the frames gives the same samples; 160 of them come for every frame but the first, and 160 more at the flush, in
 * which the last frame fades.
 *
 * In: frames `[T, 67]`, T >= 0. Out: samples at 16 kHz. Needs `synthesisFft` loaded.
 */
export function createSynthesizer({ sharpen = 0 }: SynthesizerOptions = {}): Machine<
  Float32Array,
  PcmChunk
> &
  Saved {
  const clock = createPulseClock();
  /** What frames have added to samples from 160·(n − 1) on, n the next frame. */
  const sum = new Float64Array(POINTS);
  const re = new Float64Array(BINS);
  const im = new Float64Array(BINS);
  const filterRe = new Float64Array(BINS);
  const filterIm = new Float64Array(BINS);
  const rough = new Float64Array(BINS);
  const values = new Float32Array(POINTS);
  /** Index of the next frame. */
  let next = 0;
  /** The frame before it, which waits for the pulses up to this one. */
  let held: Float32Array | undefined;
  /** Pulses of the block before the held frame. */
  let before: readonly Pulse[] = [];

  /** Adds the held frame, frame `n`, to the sum; `after`: pulses of the block after it. */
  function add(frame: Float32Array, n: number, after: readonly Pulse[]): void {
    const voiced = frame[VOICED] > 0.5;
    for (let i = 0; i < SPAN; i++) values[i] = whiteNoise(HOP_SAMPLES * (n - 1) + i) * WINDOW[i];
    values.fill(0, SPAN);
    toSpectrum(values);
    if (voiced) aperiodicityOver(frame.subarray(APERIODICITY, FRAME_WIDTH), rough);
    else rough.fill(1);
    re[0] = im[0] = im[BINS - 1] = 0;
    re[BINS - 1] = values[1] * rough[BINS - 1];
    for (let k = 1; k < BINS - 1; k++) {
      re[k] = values[2 * k] * rough[k];
      im[k] = values[2 * k + 1] * rough[k];
    }
    if (voiced) {
      for (const { offset, height } of before) addPulse(offset, height);
      for (const { offset, height } of after) addPulse(offset + HOP_SAMPLES, height);
    }
    const bands = frame.subarray(ENVELOPE, ENVELOPE + ENVELOPE_BANDS);
    minimumPhase(sharpen > 0 ? sharpened(bands, sharpen) : bands, filterRe, filterIm);
    values.fill(0);
    for (let k = LOWEST_BIN; k < BINS - 1; k++) {
      values[2 * k] = re[k] * filterRe[k] - im[k] * filterIm[k];
      values[2 * k + 1] = re[k] * filterIm[k] + im[k] * filterRe[k];
    }
    values[1] = re[BINS - 1] * filterRe[BINS - 1];
    toSamples(values);
    for (let i = 0; i < POINTS; i++) sum[i] += values[i];
  }

  /** Adds a pulse at a place between samples: its spectrum turns by one angle a bin. */
  function addPulse(offset: number, height: number): void {
    const size = height * hann(offset);
    const angle = (-2 * Math.PI * offset) / POINTS;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    let x = size;
    let y = 0;
    for (let k = 0; k < BINS; k++) {
      const gain = Math.sqrt(Math.max(0, 1 - rough[k] * rough[k]));
      re[k] += x * gain;
      im[k] += y * gain;
      [x, y] = [x * c - y * s, x * s + y * c];
    }
  }

  /** The first 160 samples of the sum, which nothing adds to any more. */
  function take(): Float32Array {
    const samples = Float32Array.from(sum.subarray(0, HOP_SAMPLES));
    sum.copyWithin(0, HOP_SAMPLES);
    sum.fill(0, POINTS - HOP_SAMPLES);
    return samples;
  }

  /** One more frame is known: the held one can be added, and the block before it is whole. */
  function step(frame: Float32Array): Float32Array | undefined {
    let samples: Float32Array | undefined;
    if (held) {
      const after = clock.next(Math.exp(held[PITCH]), Math.exp(frame[PITCH]));
      const n = next - 1;
      add(held, n, after);
      const whole = take();
      if (n > 0) samples = whole; // before frame 0 there is nothing
      before = after;
    }
    held = frame.slice();
    next++;
    return samples;
  }

  function run(frames: Float32Array): PcmChunk[] {
    const blocks: Float32Array[] = [];
    for (let at = 0; at + FRAME_WIDTH <= frames.length; at += FRAME_WIDTH) {
      const block = step(frames.subarray(at, at + FRAME_WIDTH));
      if (block) blocks.push(block);
    }
    if (blocks.length === 0) return [];
    const samples = new Float32Array(blocks.length * HOP_SAMPLES);
    blocks.forEach((block, n) => samples.set(block, n * HOP_SAMPLES));
    return [{ samples }];
  }

  return {
    push: run,
    flush: () => {
      if (!held) return [];
      const rest = new Float32Array(2 * FRAME_WIDTH);
      silence(rest, 0, 2);
      return run(rest);
    },
    save(to) {
      to.numbers(next, clock.phase, before.length);
      for (const { offset, height } of before) to.numbers(offset, height);
      to.float64s(sum);
      to.float32s(held ?? new Float32Array(0));
    },
    restore(from) {
      next = from.integer(0, MAX_SAVED_TOKEN);
      clock.phase = from.finite();
      const pulses = from.integer(0, MOST_PULSES);
      before = Array.from({ length: pulses }, () => ({
        offset: from.finite(),
        height: from.finite(),
      }));
      sum.set(from.float64s(POINTS));
      held = from.float32s(next === 0 ? 0 : FRAME_WIDTH);
      if (next === 0) held = undefined;
      from.end();
    },
  };
}
