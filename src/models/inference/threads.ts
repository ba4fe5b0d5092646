import type { ThreadSetup } from './inferenceMessages.ts';
import type { Provider } from './tensors.ts';

/** The calling thread's end of an inference thread. */
export interface WorkerLink<Job, Outputs> {
  /** Resolves when the model is loaded; rejects when it cannot be. */
  readonly ready: Promise<{ readonly provider: Provider; readonly refused: readonly string[] }>;
  /** Runs one batch, again from its start if the thread dies in it. One at a time. */
  run(jobs: readonly Job[]): Promise<Outputs>;
  /** Runs the model alone, `times` times; nothing may be under way. For the baseline of a benchmark. */
  bare(
    batch: number,
    rows: number,
    times: number,
  ): Promise<{ runMs: number; cpuMs: number | undefined }>;
  /** CPU milliseconds of the thread that runs now, as of its last answer; undefined where the system does not tell. */
  readonly cpuMs: number | undefined;
  /** Drops what the thread keeps of a stream. */
  forget(stream: number): void;
  readonly restarts: number;
  close(): Promise<void>;
}

/** What a link has to know of its engine. */
export interface LinkOptions<Job, Batch> {
  readonly setup: ThreadSetup;
  /**
   * Makes the message of a batch.
   *
   * @param fresh says, once for each thread and stream, that the thread has not met the stream's memory yet
   */
  readonly pack: (jobs: readonly Job[], fresh: (stream: number) => boolean) => Batch;
  /** Says whether a stream is still wanted: what a thread got to know of others is forgotten after the run. */
  readonly isLive: (stream: number) => boolean;
  /** Told of every thread that is started (for supervision, and for tests that kill one). */
  readonly onThread?: ((thread: InferenceThread) => void) | undefined;
}

/** An inference thread, as supervision sees it. */
export interface InferenceThread {
  /** Ends the thread that runs now, wherever it is but inside a native call; the pool starts another. */
  readonly kill: () => Promise<void>;
}

/** Where the inference threads of one pool come from: `nodeThreads.ts`, or nowhere but the thread that asks (`localThreads.ts`). */
export interface Threads {
  start<Job, Batch, Outputs>(options: LinkOptions<Job, Batch>): WorkerLink<Job, Outputs>;
  /** Ends all of them. */
  close(): Promise<void>;
}
