import type { Control, MelBlock, PcmChunk } from '../core/types.ts';
import { isControl } from '../core/types.ts';
import { framesWithin, HOP_SAMPLES, MEL_BINS, SAMPLE_RATE, WINDOW_SAMPLES } from '../core/time.ts';
import { splitFinite } from '../core/finite.ts';
import { createFramer } from './framer.ts';
import type { Machine } from '../core/machine.ts';
import { createLogMelFrame } from './mel.ts';

/** Frames of the longest block: 1 s. It bounds the memory that one long chunk takes at a time. */
const MAX_BLOCK_FRAMES = 100;
const MAX_PUSH_SAMPLES = MAX_BLOCK_FRAMES * HOP_SAMPLES;

/** Options of `logMel()`. */
export interface LogMelOptions {
  /** Whether blocks bring their samples too, as an encoder that hears the waveform wants them (`encoder.shape.wave`); default false. */
  readonly wave?: boolean | undefined;
}

/**
 * Creates the machine behind `logMel()`: 16 kHz mono chunks `[N]` in, blocks of all frames they complete, `[T, 128]`
 * with 1 ≤ T ≤ 100, out. It holds less than one window of samples between pushes. Controls pass through after the
 * frames that were complete before them. At the end a window that never filled is dropped.
 *
 * `firstSample`: where in the stream its audio begins, a multiple of 160; 0 by default.
 *
 * A sample that is NaN, infinite or beyond ±10⁹ throws `SYLSTREAM_ERR_AUDIO_NOT_FINITE` with its index, after the frames before it.
 */
export function createLogMel({
  firstSample = 0,
  wave: hasWave = false,
}: LogMelOptions & { readonly firstSample?: number } = {}): Machine<
  PcmChunk | Control,
  MelBlock | Control
> {
  const framer = createFramer();
  const frame = createLogMelFrame();
  const begin = firstSample / HOP_SAMPLES;
  let samplesSeen = 0; // from firstSample on
  let framesDone = begin;

  function* blocksOf(samples: Float32Array): Generator<MelBlock> {
    for (let at = 0; at < samples.length; at += MAX_PUSH_SAMPLES) {
      const part = samples.subarray(at, at + MAX_PUSH_SAMPLES);
      samplesSeen += part.length;
      const firstFrame = framesDone;
      const frames = begin + framesWithin(samplesSeen) - firstFrame;
      const mel = new Float32Array(frames * MEL_BINS);
      const wave = hasWave ? new Float32Array(waveLength(frames)) : undefined;
      framer.push(part, (window) => {
        const place = framesDone++ - firstFrame;
        frame(window, mel, place * MEL_BINS);
        wave?.set(window, place * HOP_SAMPLES);
      });
      if (frames > 0) yield { firstFrame, frames, mel, ...(wave && { wave }) };
    }
  }

  return {
    *push(value) {
      if (isControl(value)) {
        yield value;
        return;
      }
      const indexOf = (place: number): number => firstSample + samplesSeen + place;
      const { finite, error } = splitFinite(value.samples, indexOf, SAMPLE_RATE);
      yield* blocksOf(finite);
      if (error !== undefined) throw error;
    },
    flush: () => [],
  };
}

/** Samples that so many frames, one after the other, are of. */
function waveLength(frames: number): number {
  return frames === 0 ? 0 : (frames - 1) * HOP_SAMPLES + WINDOW_SAMPLES;
}
