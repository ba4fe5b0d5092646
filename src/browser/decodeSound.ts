import type { AudioFormat } from '../audio/audioFormat.ts';
import { sniffRate } from './sniffRate.ts';

/** Sound that the browser has decoded. */
export interface DecodedSound {
  readonly format: AudioFormat;
  /** The samples, interleaved, a second or so at a time. */
  pieces(): Generator<Float32Array>;
}

/** Moments handed on at a time: 1 s at 48 kHz. */
const STEP_MOMENTS = 48_000;

/**
 * Decodes a sound file with the browser's own decoders, at the file's own rate. Not in a worker, which has none of them.
 *
 * @throws what the decoder throws
 */
export async function decodeSound(bytes: Uint8Array): Promise<DecodedSound> {
  const context = new OfflineAudioContext(1, 1, sniffRate(bytes));
  const decoded = await context.decodeAudioData(bytes.slice().buffer);
  const { numberOfChannels: channels, length, sampleRate } = decoded;
  const planes = Array.from({ length: channels }, (_, n) => decoded.getChannelData(n));
  return {
    format: { sampleRate, channels },
    *pieces() {
      for (let from = 0; from < length; from += STEP_MOMENTS) {
        const moments = Math.min(STEP_MOMENTS, length - from);
        const interleaved = new Float32Array(moments * channels);
        for (let i = 0; i < moments; i++) {
          for (let c = 0; c < channels; c++) interleaved[i * channels + c] = planes[c][from + i];
        }
        yield interleaved;
      }
    },
  };
}
