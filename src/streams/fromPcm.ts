import type { Observable } from 'rxjs';
import { checkAudioFormat } from '../audio/audioFormat.ts';
import { createMono } from '../audio/mono.ts';
import { speex } from '../audio/speex.ts';
import type { PcmChunk } from '../core/types.ts';
import { paced } from './paced.ts';
import type { PacingOptions } from './paced.ts';

/** Options of `fromPcm()`. */
export interface FromPcmOptions extends PacingOptions {
  /** Samples a second of the input, a whole number from 8,000 to 192,000. Default 16,000. */
  readonly sampleRate?: number | undefined;
  /** Interleaved channels of the input, 1 to 6. Default 1. */
  readonly channels?: number | undefined;
  /** The one of them to listen to, from 1 on. Default: the mean of all. */
  readonly channel?: number | undefined;
}

/** Samples handed to the resampler at a time, so that an hour in memory is not doubled. */
const PIECE_SAMPLES = 48_000;

/**
 * Plays samples in memory, `[N × channels]` in [-1, 1], as 16 kHz mono chunks. No samples, no chunk.
 *
 * Throws `TypeError` or `RangeError` for a wrong option. Errors: `SYLSTREAM_ERR_AUDIO_NOT_FINITE`,
 * `SYLSTREAM_ERR_AUDIO_BYTES` (a last moment without all of its channels).
 *
 * ```ts
 * const models = await loadModels();
 * speechUnits(fromPcm(samples, { sampleRate: 48_000 }), models).subscribe(console.log);
 * ```
 */
export function fromPcm(samples: Float32Array, options: FromPcmOptions = {}): Observable<PcmChunk> {
  const { sampleRate = 16_000, channels = 1, channel } = options;
  const format = { sampleRate, channels, channel };
  checkAudioFormat(format);
  if (!(samples instanceof Float32Array)) {
    throw new TypeError(`samples must be a Float32Array, got ${typeof samples}`);
  }
  return paced(
    { open: () => pieces(samples), read: async () => createMono(format, await speex.load()) },
    options,
  );
}

function* pieces(samples: Float32Array): Generator<PcmChunk> {
  for (let at = 0; at < samples.length; at += PIECE_SAMPLES) {
    yield { samples: samples.subarray(at, at + PIECE_SAMPLES) };
  }
}
