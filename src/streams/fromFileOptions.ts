import type { PcmFormat } from '../audio/pcm.ts';
import type { PacingOptions } from './paced.ts';
import type { ListeningOptions } from './listening.ts';

/** Options of `fromFile()`. */
export interface FromFileOptions extends PacingOptions, ListeningOptions {
  /** The program that reads what the WAV reader does not take, a name or a path. Default `ffmpeg`. */
  readonly ffmpeg?: string | undefined;
  /** What the bytes are when they are no WAV file. Default: whatever ffmpeg finds. */
  readonly raw?: PcmFormat | undefined;
}
