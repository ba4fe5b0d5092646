import type { Continuation, Control, PcmChunk, SpeechEvent } from '../core/types.ts';
import type { SentError } from '../core/sentError.ts';
import type { UnitLabels } from '../core/unitLabels.ts';
import type { Bundle, Precision } from '../models/bundle/bundle.ts';
import type { Provider } from '../models/inference/tensors.ts';
import type { ContinuationOptions } from '../models/lm/unitLm.ts';
import type { ContinuationRequest } from '../operators/continueUnits.ts';
import type { SpeechUnitsOptions } from '../streams/speechUnitsOptions.ts';

/** What a worker is to load; every address is absolute. */
export interface LoadRequest {
  /** Of the bundle's folder. */
  readonly url: string;
  readonly precision: Precision;
  readonly lm: boolean;
  readonly labels: boolean;
  readonly providers: readonly Provider[];
  readonly threads: number;
  readonly headers: Readonly<Record<string, string>>;
  /** What the bundle's hash has to be, where the page knows it. */
  readonly hash?: string | undefined;
  /** Folder of onnxruntime-web's files; default: where the worker's script lies. */
  readonly runtime?: string | undefined;
}

/** What is told of models that were loaded. */
export interface Loaded {
  readonly bundle: Bundle;
  /** `cpu` or `webgpu`. */
  readonly provider: Provider;
  readonly refused: readonly string[];
  /** ONNX Runtime's version. */
  readonly runtime: string;
  /** What units stand for, where it was asked for and the bundle says so. */
  readonly labels?: UnitLabels | undefined;
  /** Whether there is a language model. */
  readonly lm: boolean;
}

/** Options of a stream, as they travel. */
export type StreamOptions = Omit<SpeechUnitsOptions, 'onProgress' | 'lanes'>;

/** When continuations begin and how they are drawn, as options of `continueUnits()`. */
export interface Continuing extends ContinuationOptions {
  readonly on: 'unit' | 'flush' | 'request';
}

/** Page → worker. */
export type ToWorker =
  | { readonly type: 'load'; readonly request: LoadRequest }
  /** `continuing`: continuations are wanted, and when they begin. */
  | {
      readonly type: 'open';
      readonly stream: number;
      readonly options: StreamOptions;
      readonly continuing: Continuing | undefined;
    }
  | { readonly type: 'push'; readonly stream: number; readonly value: PcmChunk | Control }
  | { readonly type: 'ask'; readonly stream: number; readonly request: ContinuationRequest }
  | { readonly type: 'end'; readonly stream: number }
  /** Nobody listens any more. */
  | { readonly type: 'close'; readonly stream: number };

/** Worker → page. */
export type FromWorker =
  | { readonly type: 'loading'; readonly bytes: number; readonly total: number }
  | { readonly type: 'loaded'; readonly loaded: Loaded }
  | { readonly type: 'refused'; readonly error: SentError }
  | { readonly type: 'event'; readonly stream: number; readonly event: SpeechEvent | Continuation }
  /** All audio up to this sample (16 kHz) has been encoded. */
  | { readonly type: 'progress'; readonly stream: number; readonly sample: number }
  | { readonly type: 'done'; readonly stream: number }
  | { readonly type: 'failed'; readonly stream: number; readonly error: SentError };
