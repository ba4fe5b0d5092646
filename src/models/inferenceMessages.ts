import type { EncoderConfig } from './bundle.ts';
import type { Provider } from './onnx.ts';

/** What an inference thread is started with. */
export interface WorkerSetup {
  readonly kind: 'step' | 'window';
  readonly modelPath: string;
  readonly providers: readonly Provider[];
  readonly encoder: EncoderConfig;
  /** Most streams of a run. */
  readonly maxBatch: number;
  /** Tokens of the longest row. */
  readonly maxRows: number;
  /** `[maxBatch, 2·maxRows, 128]` float32 shared with the main thread, which fills it before each run. */
  readonly lanes: SharedArrayBuffer;
  /** Of `nativeGuard.ts`: the thread says when it is inside a native call. */
  readonly guard: SharedArrayBuffer;
}

/** One stream's part of a run. */
export interface WorkItem {
  /** Never used twice, so that a late answer cannot reach another stream. */
  readonly stream: number;
  /** Sent along the first time that this thread meets the stream. */
  readonly ring?: SharedArrayBuffer | undefined;
  readonly firstToken: number;
  /** Tokens that are real; the rest of the row is masked. */
  readonly tokens: number;
  /** Whether the new keys and values are written to the ring. */
  readonly commit: boolean;
}

/** Main → worker. */
export type ToWorker =
  | { readonly type: 'run'; readonly rows: number; readonly keep: number; readonly items: readonly WorkItem[] }
  | { readonly type: 'forget'; readonly stream: number }
  /** Runs the model alone on what lies in the arena, `times` times, for the baseline of a benchmark. */
  | { readonly type: 'bare'; readonly batch: number; readonly rows: number; readonly times: number };

/** A run's outputs: `[B, keep, ·]`, the last `keep` rows of each stream. */
export interface RunOutputs {
  readonly features: Float32Array;
  readonly boundary?: Float32Array | undefined;
  readonly speech?: Float32Array | undefined;
  /** For each stream of the batch: why its row failed, or nothing. */
  readonly failed: readonly (string | undefined)[];
  readonly runMs: number;
  readonly gatherMs: number;
}

/** What a thread has used so far. */
export interface ThreadUse {
  /** CPU milliseconds of the thread since it started; undefined where the system does not tell (not Linux). */
  readonly cpuMs: number | undefined;
}

/** Worker → main. */
export type FromWorker =
  | { readonly type: 'ready'; readonly provider: Provider; readonly refused: readonly string[] }
  | { readonly type: 'refused'; readonly code: string; readonly message: string }
  | { readonly type: 'done'; readonly outputs: RunOutputs; readonly use: ThreadUse }
  | { readonly type: 'bared'; readonly runMs: number; readonly before: ThreadUse; readonly use: ThreadUse };
