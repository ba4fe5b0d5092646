import type { Rate } from '../core/types.ts';

/** Options of `speechUnits()`. */
export interface SpeechUnitsOptions {
  /** Samples a second of the chunks, 8,000 to 192,000; default 16,000. */
  readonly sampleRate?: number | undefined;
  /** Interleaved channels of the chunks, 1 to 6; default 1. */
  readonly channels?: number | undefined;
  /** The one of them to listen to, from 1 on; default: the mean of all. */
  readonly channel?: number | undefined;
  /** Where the dial stands at the start: `natural` (default) or units per second of non-pause within the bundle's range. */
  readonly rate?: Rate | undefined;
  /** Audio milliseconds after which a boundary is decided even when it is not certain; default 800, `Infinity` allowed. */
  readonly maxDelayMs?: number | undefined;
  /** Also emit the provisional tail; default false. */
  readonly partials?: boolean | undefined;
  /** Units carry their segment's mean feature vector; default false. */
  readonly features?: boolean | undefined;
  /** A slow controller holds the stream to a numbered rate; default false. */
  readonly holdRate?: boolean | undefined;
  /** Merge consecutive equal units; default false. */
  readonly merge?: boolean | undefined;
  /**
   * Places of a recording that is there as a whole which are encoded at the same time, 1 to 1,024: the same units, sooner done.
   * Each place is 41 s long and read ahead, 6 MB a minute at most. Load the models with `gathers`. Default 1, as live audio
   * wants it; a pool of threads, which has other streams to fill its batches, takes no notice.
   */
  readonly lanes?: number | undefined;
  /** Called when all audio up to this sample (at 16 kHz) has been encoded. */
  readonly onProgress?: ((sample: number) => void) | undefined;
}
