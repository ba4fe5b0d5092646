import type { OperatorFunction } from 'rxjs';
import { createLogMel, type LogMelOptions } from '../mel/logMel.ts';
import { fft } from '../mel/pffft.ts';
import type { Control, MelBlock, PcmChunk } from '../core/types.ts';
import { stateful } from './stateful.ts';

/**
 * Turns 16 kHz mono audio into log-mel frames at 100 Hz, as soon as each frame's 25 ms are there.
 *
 * Each subscription keeps less than one window of samples. In: chunks `[N]` of any length, samples in [-1, 1]. Out:
 * blocks `[T, 128]`, 1 ≤ T ≤ 100, natural log, floored at ln 1.1920929e-7, not yet normalised; the numbers of
 * `torchaudio.compliance.kaldi.fbank` (povey window, pre-emphasis 0.97, 20 Hz to 8 kHz). How the audio is cut decides
 * only how frames are grouped in blocks. Controls pass through at their place. On completion, samples that fill no
 * window are dropped: N samples give ⌊(N − 400) / 160⌋ + 1 frames, none if N < 400. With `wave: true` a block brings the
 * samples that its frames are of as well, for an encoder that hears the waveform: `logMel({ wave: encoder.shape.wave })`.
 *
 * Errors: `SYLSTREAM_ERR_AUDIO_NOT_FINITE` for a sample that is NaN, infinite or beyond ±10⁹, naming its index.
 *
 * ```ts
 * fromWav('speech.wav')
 *   .pipe(logMel())
 *   .subscribe((block) => {
 *     if (!isControl(block)) console.log(block.firstFrame, block.frames);
 *   });
 * ```
 */
export function logMel(
  options: LogMelOptions = {},
): OperatorFunction<PcmChunk | Control, MelBlock | Control> {
  return stateful(() => createLogMel(options), fft);
}
