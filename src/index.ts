/**
 * The public surface of sylstream.
 *
 * @module sylstream
 */

// The whole pipeline
export { speechUnits } from './streams/speechUnits.ts';
export type { SpeechUnitsOptions } from './streams/speechUnitsOptions.ts';

// Many streams over every core
export { createStreamPool } from './streams/pool/streamPool.ts';
export type { StreamPool, StreamPoolOptions } from './streams/pool/poolTypes.ts';
export type { PooledStream, StreamListener } from './streams/pool/pooledStream.ts';

// Sources
export { fromBytes } from './streams/fromBytes.ts';
export { fromFile } from './streams/fromFile.ts';
export { fromMicrophone } from './streams/microphone/fromMicrophone.ts';
export { toLoudspeaker } from './streams/loudspeaker/toLoudspeaker.ts';
export type { ToLoudspeakerOptions } from './streams/loudspeaker/toLoudspeaker.ts';
export { fromPcm } from './streams/fromPcm.ts';
export { fromStdin } from './streams/fromStdin.ts';
export { fromWav } from './streams/fromWav.ts';
export { createGate } from './streams/gate.ts';
export type { Gate } from './streams/gate.ts';

// Operators
export { classify } from './operators/classify.ts';
export type { Classification, ClassifyOptions } from './operators/classify.ts';
export { continueUnits } from './operators/continueUnits.ts';
export type {
  ContinuationModel,
  ContinuationRequest,
  ContinueUnitsOptions,
} from './operators/continueUnits.ts';
export { encode } from './operators/encode.ts';
export { logMel } from './operators/logMel.ts';
export { quantize } from './operators/quantize.ts';
export { resample } from './operators/resample.ts';
export { segment } from './operators/segment.ts';
export { speakUnits } from './operators/speakUnits.ts';
export type { SpeakUnitsOptions } from './operators/speakUnits.ts';
export type { SpokenUnit } from './speak/unitWindow.ts';
export { speakingRate } from './operators/speakingRate.ts';
export type {
  RateWindow,
  SpeakingRate,
  SpeakingRateOptions,
  SpokenSpan,
} from './segments/speakingRate.ts';

// Models
export { loadHead } from './models/head/head.ts';
export type { Head } from './models/head/head.ts';
export { loadModels } from './models/loadModels.ts';
export type { LoadModelsOptions, Models } from './models/loadModels.ts';
export { defaultBundle, readBundle } from './models/bundle/manifest.ts';
export { readUnitCards } from './models/codebook/readUnitCards.ts';
export type { SaidSyllable, UnitCard, UnitCards } from './models/codebook/unitCards.ts';
export type { Bundle, BundleConfig, LmConfig, Manifest } from './models/bundle/bundle.ts';
export type {
  ContinuationOptions,
  HistoryUnit,
  UnitLm,
  UnitLmSession,
  UnitScore,
} from './models/lm/unitLm.ts';
export { createCachedEncoder } from './models/encoder/cachedEncoder.ts';
export { createUnitLm } from './models/lm/createUnitLm.ts';
export type { UnitLmOptions } from './models/lm/createUnitLm.ts';
export { createUnitSpeaker } from './models/speak/unitSpeaker.ts';
export type {
  UnitSpeaker,
  UnitSpeakerOptions,
  UnitSpeakerSession,
} from './models/speak/unitSpeaker.ts';
export type { SpeakConfig } from './models/speak/speakConfig.ts';
export { createWindowEncoder } from './models/encoder/windowEncoder.ts';
export type { EncoderBackend, EncoderRows, EncoderSession } from './models/encoder/encoder.ts';
export type { InferenceStatus } from './models/inference/inferenceStatus.ts';

// Machines and arithmetic, without RxJS
export type { Machine } from './core/machine.ts';
export { createSegmenter } from './segments/segmenter.ts';
export { segmentOffline } from './segments/segmentOffline.ts';
export * as scores from './segments/scores.ts';

// Formats
export * as formats from './formats/index.ts';
export { encodeS16le } from './audio/pcm.ts';
export { wavHeader } from './audio/wavWriter.ts';

// Words, time and errors
export { isControl } from './core/types.ts';
export type * from './core/types.ts';
export { SAMPLE_RATE, toSeconds } from './core/time.ts';
export { ERROR_CODES, PipelineError } from './core/errors.ts';
export type { ErrorCode } from './core/errors.ts';
