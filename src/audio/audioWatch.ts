import { PipelineError } from '../core/errors.ts';
import type { PcmChunk } from '../core/types.ts';
import type { AudioFormat } from './audioFormat.ts';
import type { Machine } from '../core/machine.ts';
import { MAX_FLOAT_SAMPLE } from './scale.ts';

/** Seconds of sound that are looked at together, and how many such blocks with sound in them. */
const BLOCK_SECONDS = 1;
const MAX_BLOCKS = 30;
/** Float samples that are all below this are other numbers read as floats: even 64-bit silence dithers above it. */
const MIN_FLOAT_SAMPLE = 1e-12;
/**
 * Speech has a mean square of its differences of 0.1 to 0.5 of its own at 8 to 48 kHz, bytes in the wrong order 1.7 to 2 at
 * 0.27 of full scale and more (the clips of `test/fixtures` at their own level, and read in other encodings than theirs).
 */
const NOISE_RATIO = 1.5;
const NOISE_RMS = 0.25;
/** Channels louder than −60 dB whose mean is 20 dB below them cancel each other out. */
const AUDIBLE_POWER = 1e-6;
const CANCELLED = 0.01;

/** What a watch needs to know of its stream. */
export type WatchedFormat = AudioFormat & { readonly encoding: string };

/** Sums over one block. */
interface Block {
  values: number;
  power: number;
  difference: number;
  mean: number;
  peak: number;
}

/**
 * Creates a machine that passes interleaved samples on untouched and looks whether they can be what they are said to be. It
 * tells at most once, with `SYLSTREAM_ERR_AUDIO_SUSPECT`, what to check: floats at the scale of integers or far below any
 * sound, noise at full scale (bytes in another order or encoding), channels in anti-phase, whose mean is silence. It looks at
 * the first 30 s with sound in them.
 */
export function createAudioWatch(
  format: WatchedFormat,
  onWarning: (warning: PipelineError) => void,
): Machine<PcmChunk, PcmChunk> {
  const { sampleRate, channels, encoding } = format;
  const blockValues = BLOCK_SECONDS * sampleRate * channels;
  const isFloat = encoding.startsWith('f');
  const last = new Float32Array(channels);
  let block = emptyBlock();
  let moment = 0;
  let blocks = 0;
  let isDone = false;

  function take(samples: Float32Array): void {
    for (let at = 0; at < samples.length && !isDone;) {
      const end = Math.min(samples.length, at + blockValues - block.values);
      sum(samples, at, end);
      at = end;
      if (block.values === blockValues) endBlock();
    }
  }

  /** Adds to the block's sums, in numbers of its own: those of an object cost ten times as much. */
  function sum(samples: Float32Array, from: number, end: number): void {
    let { values, power, difference, peak, mean } = block;
    let channel = values % channels;
    let together = moment;
    for (let i = from; i < end; i++) {
      const value = samples[i];
      const step = value - last[channel];
      last[channel] = value;
      power += value * value;
      difference += step * step;
      peak = Math.max(peak, Math.abs(value));
      together += value;
      if (++channel < channels) continue;
      mean += (together / channels) ** 2;
      together = 0;
      channel = 0;
    }
    values += end - from;
    moment = together;
    block = { values, power, difference, peak, mean };
  }

  function endBlock(): void {
    const found = block.peak > 0 ? suspicion(block, format, isFloat) : undefined;
    if (block.peak > 0) blocks++;
    isDone = found !== undefined || blocks === MAX_BLOCKS;
    block = emptyBlock();
    if (found !== undefined) {
      onWarning(new PipelineError('SYLSTREAM_ERR_AUDIO_SUSPECT', found));
    }
  }

  return {
    push(chunk) {
      if (!isDone) take(chunk.samples);
      return [chunk];
    },
    flush() {
      // A quarter of a block is enough to tell; what is shorter is no recording.
      if (!isDone && block.values >= blockValues / 4) endBlock();
      return [];
    },
  };
}

function emptyBlock(): Block {
  return { values: 0, power: 0, difference: 0, mean: 0, peak: 0 };
}

/** What is wrong with a block that is not all zeros, in words. */
function suspicion(block: Block, format: WatchedFormat, isFloat: boolean): string | undefined {
  const { values, peak } = block;
  const { channels, channel, encoding } = format;
  // The resampler refuses it, by its place.
  if (!Number.isFinite(block.power)) return undefined;
  const power = block.power / values;
  const check = `check encoding (${encoding}), byte order, rate and channels`;
  if (isFloat && peak > MAX_FLOAT_SAMPLE) {
    return `expected ${encoding} samples in [-1, 1], got ${peak.toPrecision(3)}, the scale of integers; divide by full scale, or ${check}`;
  }
  if (isFloat && peak < MIN_FLOAT_SAMPLE) {
    return `expected ${encoding} samples in [-1, 1], got none above ${peak.toPrecision(3)}; ${check}`;
  }
  if (Math.sqrt(power) > NOISE_RMS && block.difference > NOISE_RATIO * block.power) {
    return `expected speech, got noise at ${Math.sqrt(power).toFixed(2)} of full scale; ${check}`;
  }
  const mean = (block.mean * channels) / values;
  if (channels > 1 && channel === undefined && power > AUDIBLE_POWER && mean < CANCELLED * power) {
    return `expected channels that can be mixed, got ${channels} that cancel each other out (anti-phase); check the wiring, or listen to one channel alone`;
  }
  return undefined;
}
