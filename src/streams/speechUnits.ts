import type { SpeechUnitsOptions } from './speechUnitsOptions.ts';
import type { Observable } from 'rxjs';
import { checkNumber, whole } from '../core/check.ts';
import type { Models } from '../models/loadModels.ts';
import { encode } from '../operators/encode.ts';
import { encodeInLanes } from '../operators/encodeInLanes.ts';
import { logMel } from '../operators/logMel.ts';
import { quantize } from '../operators/quantize.ts';
import { resample } from '../operators/resample.ts';
import { segment } from '../operators/segment.ts';
import type { Control, PcmChunk, SpeechEvent } from '../core/types.ts';
import { heldBack } from './heldBack.ts';
import { laneTokens } from './laneLength.ts';
import { segmenterConfig } from './segmenterConfig.ts';

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
  const { encoder } = models;
  const { config } = models.bundle;
  const {
    sampleRate = 16_000,
    channels = 1,
    channel,
    rate,
    maxDelayMs,
    partials,
    holdRate,
    lanes = 1,
    onProgress,
  } = options;
  const encoding = { mel: config.mel, onProgress };
  return chunks$.pipe(
    resample({ sampleRate, channels, channel }),
    logMel({ wave: encoder.shape.wave }),
    checkNumber('lanes', lanes, whole(1, 1024)) > 1
      ? encodeInLanes(encoder, { ...encoding, lanes, laneTokens: laneTokens(encoder.shape) })
      : encode(encoder, encoding),
    segment({ config: segmenterConfig(config), rate, maxDelayMs, partials, holdRate }),
    quantize(models.codebook, { features: options.features, merge: options.merge }),
  );
}
