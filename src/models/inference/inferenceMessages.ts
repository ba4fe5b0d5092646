import type { Provider } from './tensors.ts';

/** What every inference thread is started with; each kind of engine adds its own. */
export interface ThreadSetup {
  /** Which engine the thread runs (`../worker.ts`). */
  readonly kind: string;
  readonly modelPath: string;
  readonly providers: readonly Provider[];
  /** Most rows of a run. */
  readonly maxBatch: number;
  /** Added to the thread's niceness, 0 to 19, where the system can do that for one thread (Linux): less urgent than the others. */
  readonly niceness?: number | undefined;
}

/** What the link adds to the set-up. */
export interface Guarded {
  /** Of `nativeGuard.ts`: the thread says when it is inside a native call. */
  readonly guard: ArrayBufferLike;
  /** Telemetry was turned off before the thread was started (`telemetry.ts`). */
  readonly isSilent: boolean;
}

/** Main → worker. */
export type ToWorker<Batch> =
  | { readonly type: 'run'; readonly batch: Batch }
  | { readonly type: 'forget'; readonly stream: number }
  /** Runs the model alone on what lies in the arena, `times` times, for the baseline of a benchmark. */
  | {
      readonly type: 'bare';
      readonly batch: number;
      readonly rows: number;
      readonly times: number;
    };

/** How a run went. */
export interface RunReport {
  /** For each item of the batch: why its row failed, or nothing. */
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
export type FromWorker<Outputs> =
  | { readonly type: 'ready'; readonly provider: Provider; readonly refused: readonly string[] }
  | { readonly type: 'refused'; readonly code: string; readonly message: string }
  | { readonly type: 'done'; readonly outputs: Outputs; readonly use: ThreadUse }
  | {
      readonly type: 'bared';
      readonly runMs: number;
      readonly before: ThreadUse;
      readonly use: ThreadUse;
    };
