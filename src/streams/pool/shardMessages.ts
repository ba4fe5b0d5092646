import type { Bundle } from '../../models/bundle/bundle.ts';
import type { RemoteModel } from '../../models/encoder/remoteModel.ts';
import type { Provider } from '../../models/inference/tensors.ts';
import type { PcmFormat } from '../../audio/pcm.ts';
import type { Control, SpeechEvent } from '../../core/types.ts';
import type { SpeechUnitsOptions } from '../speechUnitsOptions.ts';
import type { SentError } from '../../core/sentError.ts';
import type { StreamMemory } from './streamMemory.ts';

/** What a shard is started with. */
export interface ShardSetup {
  readonly bundle: Bundle;
  /** The step model. */
  readonly modelPath: string;
  readonly providers: readonly Provider[];
  /** Most streams of a run. */
  readonly maxBatch: number;
  /** The step model is elsewhere. */
  readonly remote?: RemoteModel | undefined;
  /** Runs every size of batch at the start. */
  readonly isWarm: boolean;
  /** Steps of a busy thread wait a little for a fuller batch. */
  readonly isPatient: boolean;
  readonly guard: SharedArrayBuffer;
  /** Telemetry was turned off before the thread was started (`telemetry.ts`). */
  readonly isSilent: boolean;
}

/** The options of a stream that can travel between threads. */
export type ShardStreamOptions = Pick<
  SpeechUnitsOptions,
  'rate' | 'maxDelayMs' | 'partials' | 'features' | 'holdRate' | 'merge'
>;

/** What a shard has to know of a stream. */
export interface ShardStreamSetup {
  readonly format: PcmFormat;
  readonly options: ShardStreamOptions;
  readonly memory: StreamMemory;
  /** A thin state from elsewhere to go on from, where the memory holds none: `snapshot`. */
  readonly imported?: Uint8Array | undefined;
}

/** One thing that happens to a stream, in order. */
export type ShardItem = { readonly stream: number } & (
  | { readonly type: 'open'; readonly setup: ShardStreamSetup }
  /** Bytes [from, to) of the message's `audio`: whole moments. */
  | { readonly type: 'audio'; readonly from: number; readonly to: number }
  /** So many moments of silence. */
  | { readonly type: 'silence'; readonly moments: number }
  | { readonly type: 'control'; readonly control: Control }
  | { readonly type: 'end' }
  /** Tells a snapshot, as the stream is after the last step. */
  | { readonly type: 'snapshot' }
  /** Leaves the shard, released, as soon as all that came is done and saved; it may be opened again. */
  | { readonly type: 'rest' }
  | { readonly type: 'release' }
);

/** Main → shard. */
export type ToShard =
  | {
      readonly type: 'work';
      readonly items: readonly ShardItem[];
      /** What the items speak of lies in it, and behind it there may be anything; it comes back with the next `done`. */
      readonly audio: Uint8Array<ArrayBuffer>;
    }
  | {
      readonly type: 'bare';
      readonly batch: number;
      readonly rows: number;
      readonly times: number;
    };

/** What of a stream another pool needs to go on, beside the audio from `replayPlace(from)` on. */
export interface Snapshot {
  /** Its thin state. */
  readonly state: Uint8Array;
  /** The token from which on the encoder's steps are done again. */
  readonly from: number;
  /** Controls that had been obeyed: those behind them have to come again. */
  readonly controls: number;
}

/** What came of a stream. */
export interface ShardResult {
  readonly stream: number;
  /** How many events of the stream went out before these. */
  readonly before: number;
  readonly events: readonly SpeechEvent[];
  /** All audio up to this sample is encoded; 0 while the steps of a stream from elsewhere are done again. */
  readonly sample: number;
  /** What is surely saved. */
  readonly saved: { readonly token: number; readonly controls: number };
  /** As it is after these events. */
  readonly snapshot?: Snapshot | undefined;
  /** The stream is over; nothing follows. */
  readonly ended?: true;
  readonly failed?: SentError;
  /** The shard touches the stream's memory no more. */
  readonly released?: true;
}

/** How a shard fares since its message before. */
export interface ShardFigures {
  /** Streams of each run. */
  readonly batches: readonly number[];
  readonly runMs: number;
  readonly gatherMs: number;
  /** Steps that wait now. */
  readonly queued: number;
  /** CPU milliseconds of the thread since it began; undefined where the system does not tell. */
  readonly cpuMs: number | undefined;
}

/** Shard → main. */
export type FromShard =
  | {
      readonly type: 'ready';
      readonly provider: Provider;
      readonly refused: readonly string[];
      readonly runtime: string;
      readonly processor?: string | undefined;
    }
  | { readonly type: 'refused'; readonly code: string; readonly message: string }
  | {
      readonly type: 'done';
      readonly results: readonly ShardResult[];
      readonly figures: ShardFigures;
      /** Buffers of audio that were taken in. */
      readonly audio: readonly Uint8Array<ArrayBuffer>[];
    }
  | { readonly type: 'bared'; readonly runMs: number; readonly cpuMs: number | undefined };
