import type { EncoderConfig, LmConfig } from './bundle.ts';
import type { Draw, Drawn } from './lm/drawUnit.ts';
import type { Provider } from './onnx.ts';

/** What every inference thread is started with. */
interface ThreadSetup {
  readonly modelPath: string;
  readonly providers: readonly Provider[];
  /** Most rows of a run. */
  readonly maxBatch: number;
  /** Added to the thread's niceness, 0 to 19, where the system can do that for one thread (Linux): less urgent than the others. */
  readonly niceness?: number | undefined;
}

/** A thread that runs the encoder. */
export interface EncoderSetup extends ThreadSetup {
  readonly kind: 'step' | 'window';
  readonly encoder: EncoderConfig;
  /** Tokens of the longest row. */
  readonly maxRows: number;
  /** `[maxBatch, 2·maxRows, 128]` float32 shared with the main thread, which fills it before each run. */
  readonly lanes: SharedArrayBuffer;
}

/** A thread that runs the unit language model. */
export interface LmSetup extends ThreadSetup {
  readonly kind: 'lm';
  readonly lm: LmConfig;
}

export type EngineSetup = EncoderSetup | LmSetup;

/** What the link adds to the set-up. */
export interface Guarded {
  /** Of `nativeGuard.ts`: the thread says when it is inside a native call. */
  readonly guard: SharedArrayBuffer;
  /** Telemetry was turned off before the thread was started (`telemetry.ts`). */
  readonly isSilent: boolean;
}

/** One stream's part of an encoder's run. */
export interface EncoderItem {
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

/** A run of the encoder: rows of `rows` tokens, of which the last `keep` come out. */
export interface EncoderBatch {
  readonly rows: number;
  readonly keep: number;
  readonly items: readonly EncoderItem[];
}

/** One history's or one hypothesis' part of a language model's run; its new keys and values are kept. */
export interface LmItem {
  /** Never used twice. */
  readonly strand: number;
  /** Sent along the first time that this thread meets the strand. */
  readonly memory?: SharedArrayBuffer | undefined;
  /** Position of the first unit; the boundary id that begins a history is 0. */
  readonly first: number;
  /** Position of the oldest unit that was fed; what lies before it is absent. */
  readonly start: number;
  readonly units: readonly number[];
  /** The history that a hypothesis branches from, and how many units of it there were. */
  readonly parent?:
    | {
        readonly strand: number;
        readonly memory?: SharedArrayBuffer | undefined;
        readonly length: number;
      }
    | undefined;
  /** Units to be drawn from what follows the last one. */
  readonly draws: readonly Draw[];
  /** What did follow each unit, from the first on: its log-probability is wanted. */
  readonly targets: readonly number[];
}

/** A run of the language model: chunks of histories (`rows` = CHUNK_UNITS) or single units of hypotheses (1). */
export interface LmBatch {
  readonly rows: number;
  readonly items: readonly LmItem[];
}

/** What an item's `draws` and `targets` asked for. */
export interface LmAnswer {
  readonly drawn: readonly Drawn[];
  readonly scored: readonly number[];
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

/** An encoder's outputs: `[B, keep, ·]`, the last `keep` rows of each stream. */
export interface EncoderOutputs extends RunReport {
  readonly features: Float32Array;
  readonly boundary?: Float32Array | undefined;
  readonly speech?: Float32Array | undefined;
}

/** A language model's outputs, one answer an item. */
export interface LmOutputs extends RunReport {
  readonly answers: readonly LmAnswer[];
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
