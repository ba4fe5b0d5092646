import type { OperatorFunction } from 'rxjs';
import { checkAudioFormat } from '../audio/audioFormat.ts';
import type { AudioFormat } from '../audio/audioFormat.ts';
import { createResampler } from '../audio/resampler.ts';
import { speex } from '../audio/speex.ts';
import type { Control, PcmChunk } from '../core/types.ts';
import { stateful } from './stateful.ts';

/**
 * Turns audio of any rate and number of channels into 16 kHz mono.
 *
 * Each subscription keeps the filter's memory (under 64 kB) and gives it back when it ends.
 *
 * - `sampleRate`: Hz of the input, a whole number from 8,000 to 192,000.
 * - `channels`: interleaved channels of the input, 1 to 6; their mean is taken.
 *
 * In: chunks `[N × channels]` of any length; a chunk may end between two channels. Out: chunks `[N]` at 16 kHz, in all
 * ⌈N · 16000 / sampleRate⌉ samples; output k speaks of the moment k / 16000 s, with no delay and no drift. Everything
 * from 8.6 kHz on is down by more than 100 dB. Mono at 16 kHz passes through untouched. Controls pass through at their
 * place; the 4 ms before one that the filter still holds come with the samples after it, or on completion.
 *
 * Throws `TypeError` or `RangeError` for a format that is not taken. Errors: `SYLSTREAM_ERR_AUDIO_NOT_FINITE` for a NaN
 * or infinite sample, `SYLSTREAM_ERR_AUDIO_BYTES` when the stream ends between two channels.
 *
 * ```ts
 * microphone$ // stereo at 44.1 kHz
 *   .pipe(resample({ sampleRate: 44_100, channels: 2 }), logMel())
 *   .subscribe(console.log);
 * ```
 */
export function resample(
  format: AudioFormat,
): OperatorFunction<PcmChunk | Control, PcmChunk | Control> {
  checkAudioFormat(format);
  return stateful(() => createResampler(format, speex.get()), speex);
}
