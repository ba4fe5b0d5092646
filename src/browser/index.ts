/**
 * sylstream in a browser alone: no server, nothing leaves the device.
 *
 * @module sylstream/browser
 */

// The whole pipeline, in a Web Worker
export { loadModels } from './loadModels.ts';
export type { BrowserModels, LoadModelsOptions } from './loadModels.ts';
export { speechUnits } from './speechUnits.ts';
export type { BrowserUnitsOptions, ContinueOptions } from './speechUnits.ts';

// Sources
export { fromBlob } from './fromBlob.ts';
export { fromMicrophone } from './fromMicrophone.ts';
export type { FromMicrophoneOptions } from './fromMicrophone.ts';
export { fromPcm } from '../streams/fromPcm.ts';
export type { FromPcmOptions } from '../streams/fromPcm.ts';
export { createGate } from '../streams/gate.ts';
export type { Gate } from '../streams/gate.ts';

// What units say
export { speakingRate } from '../operators/speakingRate.ts';
export { labelIn } from '../core/unitLabels.ts';
export type { UnitLabels } from '../core/unitLabels.ts';

// Words, time and errors
export { isControl } from '../core/types.ts';
export type * from '../core/types.ts';
export { SAMPLE_RATE, toSeconds } from '../core/time.ts';
export { ERROR_CODES, PipelineError } from '../core/errors.ts';
export type { ErrorCode } from '../core/errors.ts';
