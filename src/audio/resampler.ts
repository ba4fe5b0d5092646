import { PipelineError } from '../core/errors.ts';
import type { Control, PcmChunk } from '../core/types.ts';
import { isControl } from '../core/types.ts';
import { SAMPLE_RATE } from '../core/time.ts';
import { checkAudioFormat } from './audioFormat.ts';
import type { AudioFormat } from './audioFormat.ts';
import { createDownmix } from './downmix.ts';
import { splitFinite } from '../core/finite.ts';
import type { Machine } from '../core/machine.ts';
import { createRateConverter } from './rateConverter.ts';
import type { Speex } from './speex.ts';

/**
 * Creates the machine behind `resample()`: interleaved chunks at any rate in, 16 kHz mono chunks out. Channels are
 * replaced by their mean, or by the one that the format names; mono at 16 kHz passes through bit for bit. Controls pass through at their place without
 * touching the filter: the last few milliseconds before one come with the samples after it, or at the end.
 *
 * Runs wherever WebAssembly does, an AudioWorklet included: `speex` is the instance that `speex.ts` exports or one of the
 * caller's own.
 *
 * `firstMoment`: which moment of the stream comes first, 0 by default; a whole second, so that the output keeps its phase.
 *
 * Throws `SYLSTREAM_ERR_AUDIO_NOT_FINITE` for a sample that is NaN, infinite or beyond ±10⁹, naming its index at the input's rate, and
 * `SYLSTREAM_ERR_AUDIO_BYTES` when the stream ends between the channels of one moment; either after the audio before it.
 *
 * @throws TypeError, RangeError when the format is not taken
 */
export function createResampler(
  format: AudioFormat,
  speex: Speex,
  { firstMoment = 0 }: { readonly firstMoment?: number } = {},
): Machine<PcmChunk | Control, PcmChunk | Control> {
  checkAudioFormat(format);
  const { sampleRate, channels, channel } = format;
  const downmix = createDownmix(channels, channel);
  const converter = sampleRate === SAMPLE_RATE ? undefined : createRateConverter(sampleRate, speex);
  let valuesSeen = firstMoment * channels;

  function* chunksOf(values: Float32Array): Generator<PcmChunk> {
    valuesSeen += values.length;
    const mono = downmix.push(values);
    if (converter === undefined) {
      if (mono.length > 0) yield { samples: mono };
      return;
    }
    for (const samples of converter.push(mono)) yield { samples };
  }

  function* drain(): Generator<PcmChunk> {
    if (converter !== undefined) for (const samples of converter.flush()) yield { samples };
  }

  return {
    *push(value) {
      if (isControl(value)) {
        yield value;
        return;
      }
      const indexOf = (place: number): number => Math.floor((valuesSeen + place) / channels);
      const { finite, error } = splitFinite(value.samples, indexOf, sampleRate);
      yield* chunksOf(finite);
      if (error === undefined) return;
      yield* drain();
      throw error;
    },
    *flush() {
      yield* drain();
      if (downmix.pending === 0) return;
      throw cutMoment(channels, downmix.pending);
    },
    release: () => converter?.release(),
  };
}

/** The error of a stream that ends between the channels of one moment. */
export function cutMoment(channels: number, pending: number): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_AUDIO_BYTES',
    `expected whole moments of ${channels} interleaved channels, got ${pending} values more at the end; ` +
      'check the number of channels',
  );
}
