import type { Observable } from 'rxjs';
import type { Models } from '../models/loadModels.ts';
import { encode } from '../operators/encode.ts';
import { logMel } from '../operators/logMel.ts';
import { quantize } from '../operators/quantize.ts';
import { resample } from '../operators/resample.ts';
import { segment } from '../operators/segment.ts';
import type { Control, PcmChunk, Rate, SpeechEvent } from '../core/types.ts';
import { heldBack } from './heldBack.ts';
import { segmenterConfig } from './segmenterConfig.ts';

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
  /** Called when all audio up to this sample (at 16 kHz) has been encoded. */
  readonly onProgress?: ((sample: number) => void) | undefined;
}

/**
 * The whole pipeline: speech in chunks of any size → syllable units while the person is still speaking.
 *
 * Each subscription is a stream of its own (state is made when it is subscribed to and released when it
 * completes, fails or is unsubscribed); all streams share the models and are batched together. Controls in
 * `chunks$` (`{ control: 'flush' }`, `{ control: 'rate', rate }`) act at their place in the audio.
 *
 * A source that is read on demand (`fromFile()`, `fromWav()`, `fromBytes()`, `fromStdin()`, `fromPcm()`), given as it is, is held
 * back while the encoder is more than 2 s of audio behind, so memory does not grow with its length. Behind an operator of
 * yours it is a plain Observable: give it a gate (`createGate()`).
 *
 * Errors: every `PipelineError` of the stages. Misuse (a rate outside the bundle's range, 7 channels, another format than
 * 16 kHz mono for a source that gives no other) throws `RangeError` or `TypeError` at once.
 *
 * @example
 * const models = await loadModels();
 * speechUnits(fromFile('speech.wav'), models).subscribe((event) => {
 *   if (event.type === 'unit') console.log(event.unit.id, event.unit.start / 16_000);
 * });
 */
export function speechUnits(
  chunks$: Observable<PcmChunk | Control>,
  models: Models,
  options: SpeechUnitsOptions = {},
): Observable<SpeechEvent> {
  return heldBack(chunks$, options, (held$, all) => pipeline(held$, models, all));
}

function pipeline(
  chunks$: Observable<PcmChunk | Control>,
  models: Models,
  options: SpeechUnitsOptions,
): Observable<SpeechEvent> {
  const { config } = models.bundle;
  const {
    sampleRate = 16_000,
    channels = 1,
    channel,
    rate,
    maxDelayMs,
    partials,
    holdRate,
  } = options;
  return chunks$.pipe(
    resample({ sampleRate, channels, channel }),
    logMel(),
    encode(models.encoder, { mel: config.mel, onProgress: options.onProgress }),
    segment({ config: segmenterConfig(config), rate, maxDelayMs, partials, holdRate }),
    quantize(models.codebook, { features: options.features, merge: options.merge }),
  );
}
