/**
 * `sylstream/client`: live streams to a server, in Node and in browsers.
 *
 * @module sylstream/client
 */
export type { Continuations, ContinueOptions } from './continuations.ts';
export type { ContinuationEvent, StreamEvent } from './events.ts';
export type { SayOptions, Speech, UnitToSay } from './speech.ts';
export type { StreamOptions } from './options.ts';
export { streamUnits } from './streamUnits.ts';
export { openStream, UnitStream } from './unitStream.ts';
export type { WebSocketFactory, WebSocketLike, WebSocketRequest } from './webSocket.ts';
export { PipelineError } from '../core/errors.ts';
export type { PredictedUnit, Rate, SpeechEvent, Unit } from '../core/types.ts';
