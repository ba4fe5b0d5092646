import type { WireModel } from '../protocol/index.ts';
import type { PipelineError } from '../core/errors.ts';
import type { Continuation, ContinuationEnd, SpeechEvent } from '../core/types.ts';

/** What comes of a request for continuations; `more`: it stands, and another continuation follows. */
export type ContinuationEvent =
  | Extract<Continuation, { readonly type: 'predicted' }>
  | (Extract<Continuation, { readonly type: 'continued' }> & { readonly more: boolean });

/** What a stream emits: the pipeline's own events, and those of the connection. */
export type StreamEvent =
  | SpeechEvent
  /** A connection is ready; `resumed` is false for the first one. */
  | { readonly type: 'ready'; readonly resumed: boolean; readonly model: WireModel }
  /** The server has the samples before `acknowledged` (at the declared rate). */
  | { readonly type: 'progress'; readonly acknowledged: number; readonly lagMs: number }
  /** The connection is gone; another attempt follows. */
  | { readonly type: 'reconnecting'; readonly attempt: number; readonly delayMs: number; readonly reason: PipelineError } // prettier-ignore
  /** The session was lost and a new one began with the audio from `sample` on (declared rate); indices go on. */
  | { readonly type: 'restarted'; readonly sample: number; readonly index: number }
  /** The server will close soon. */
  | { readonly type: 'goaway'; readonly deadlineMs: number; readonly reason: string }
  /** A mistake that did not end the stream. */
  | { readonly type: 'warning'; readonly error: PipelineError; readonly ref?: string | number }
  /** Of what `ask()` and `continuations()` asked for. */
  | ContinuationEvent
  /** Of what `say()` asked for: 16 kHz mono from sample `at` of it on. */
  | { readonly type: 'sound'; readonly request: string | number; readonly at: number; readonly samples: Float32Array } // prettier-ignore
  /** Nothing more is said; `lost`: the connection went. */
  | { readonly type: 'spoken'; readonly request: string | number; readonly reason: ContinuationEnd | 'lost' } // prettier-ignore
  /** All audio is decided; the last event. */
  | { readonly type: 'done'; readonly units: number; readonly samples: number; readonly lagP99Ms: number }; // prettier-ignore
