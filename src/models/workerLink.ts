import { Worker } from 'node:worker_threads';
import { PipelineError, type ErrorCode } from '../errors.ts';
import { MEL_BINS } from '../units.ts';
import type { FromWorker, RunOutputs, ToWorker, WorkerSetup } from './inferenceMessages.ts';
import { barNative, barNativeNow, createGuardMemory } from './nativeGuard.ts';
import type { Provider } from './onnx.ts';

/** One stream's part of a batch, as the main thread has it. */
export interface Job {
  readonly stream: number;
  /** The stream's key/value memory; absent for an engine without a cache. */
  readonly ring?: SharedArrayBuffer | undefined;
  readonly firstToken: number;
  /** Real tokens. */
  readonly tokens: number;
  /** Tokens of the row, padding included: jobs of one batch agree in it. */
  readonly rows: number;
  /** Rows that are wanted back, counted from the end. */
  readonly keep: number;
  readonly commit: boolean;
  /** `[2·tokens, 128]` normalised log-mel; must not change before the answer. */
  readonly mel: Float32Array;
}

/** The main thread's end of an inference thread that may die and is started again. */
export interface WorkerLink {
  /** Resolves when the model is loaded; rejects when it cannot be. */
  readonly ready: Promise<{ readonly provider: Provider; readonly refused: readonly string[] }>;
  /** Runs one batch, again from its start if the thread dies in it. One at a time. */
  run(jobs: readonly Job[]): Promise<RunOutputs>;
  /** Runs the model alone, `times` times; nothing may be under way. For the baseline of a benchmark. */
  bare(batch: number, rows: number, times: number): Promise<{ runMs: number; cpuMs: number | undefined }>;
  /** CPU milliseconds of the thread that runs now, as of its last answer; undefined where the system does not tell. */
  readonly cpuMs: number | undefined;
  /** Drops what the thread keeps of a stream. */
  forget(stream: number): void;
  readonly restarts: number;
  /** Blocks until the thread is out of native calls, and lets it into none any more: for the last moments of a process. */
  leaveNative(): void;
  close(): Promise<void>;
}

/** An inference thread, as supervision sees it. */
export interface InferenceThread {
  /** Ends the thread that runs now, wherever it is but inside a native call; the pool starts another. */
  readonly kill: () => Promise<void>;
}

/** Starts in a row that may fail, and runs of one batch that may end in a death, before the link gives up. */
const MAX_FAILURES = 12;
/** A native call that takes longer than this hangs, and is not waited for. */
const NATIVE_MS = 10_000;

/**
 * Starts an inference thread and keeps one running. The rings and the lanes are shared memory that outlives
 * the thread, so after a death the batch under way is simply run again: its answer had not been seen, hence
 * nothing of it counts yet.
 *
 * @param onThread is told of every thread that is started (for supervision, and for tests that kill one)
 */
export function createWorkerLink(
  setup: Omit<WorkerSetup, 'guard'>,
  onThread: (thread: InferenceThread) => void = () => undefined,
): WorkerLink {
  const lanes = new Float32Array(setup.lanes);
  const laneSize = 2 * setup.maxRows * MEL_BINS;
  let known = new Set<number>();
  let restarts = 0;
  let cpuMs: number | undefined;
  let closed = false;
  let worker: Worker;
  let guard: SharedArrayBuffer;
  let alive: Promise<{ provider: Provider; refused: readonly string[] }>;
  /** Settles the answer that is waited for. */
  let answered: ((message: FromWorker | undefined) => void) | undefined;

  function launch(): void {
    known = new Set();
    guard = createGuardMemory();
    worker = startThread({ ...setup, guard });
    // A death is seen as `exit`; without this listener an error in an idle thread would end the process.
    worker.on('error', () => undefined);
    onThread({ kill });
    alive = next(worker).then((message) => {
      if (message?.type === 'ready') return message;
      const code = message?.type === 'refused' ? (message.code as ErrorCode) : 'SYLSTREAM_ERR_WORKER';
      const why = message?.type === 'refused' ? message.message : 'an inference thread died as it started';
      throw new PipelineError(code, why);
    });
    alive.catch(() => undefined);
  }

  /** The next message of this thread, or nothing when it dies first. */
  function next(from: Worker): Promise<FromWorker | undefined> {
    return new Promise((resolve) => {
      const settle = (message: FromWorker | undefined): void => {
        from.off('message', settle);
        from.off('exit', dead);
        from.off('error', dead);
        answered = undefined;
        resolve(message);
      };
      const dead = (): void => settle(undefined);
      answered = settle;
      from.on('message', settle);
      from.on('exit', dead);
      from.on('error', dead);
    });
  }

  function send(jobs: readonly Job[]): void {
    const { rows, keep } = jobs[0];
    jobs.forEach((job, b) => {
      const lane = lanes.subarray(b * laneSize, b * laneSize + 2 * rows * MEL_BINS);
      lane.set(job.mel);
      lane.fill(0, job.mel.length);
    });
    const items = jobs.map((job) => {
      const { stream, firstToken, tokens, commit } = job;
      const ring = known.has(stream) ? undefined : job.ring;
      known.add(stream);
      return { stream, ring, firstToken, tokens, commit };
    });
    worker.postMessage({ type: 'run', rows, keep, items } satisfies ToWorker);
  }

  async function kill(): Promise<void> {
    const current = worker;
    await barNative(guard, NATIVE_MS);
    await current.terminate();
  }

  launch();
  let dying: Worker | undefined;

  async function revive(): Promise<void> {
    for (let failures = 0; ; failures++) {
      if (closed) throw closedError();
      try {
        await alive;
        if (dying !== worker) return;
      } catch (error) {
        if (failures >= MAX_FAILURES || (error as PipelineError).code !== 'SYLSTREAM_ERR_WORKER') throw error;
      }
      restarts++;
      launch();
    }
  }

  const ready = revive().then(() => alive);
  ready.catch(() => undefined);

  return {
    ready,
    run: async (jobs) => {
      for (let deaths = 0; deaths < MAX_FAILURES; deaths++) {
        await revive();
        const current = worker;
        const answer = next(current);
        const gone = current.threadId === -1;
        if (!gone) send(jobs);
        const message = gone ? undefined : await answer;
        if (closed) throw closedError();
        if (message?.type === 'done') {
          cpuMs = message.use.cpuMs;
          return message.outputs;
        }
        dying = current;
      }
      throw new PipelineError(
        'SYLSTREAM_ERR_WORKER',
        `expected an inference thread to finish a batch, and ${MAX_FAILURES} in a row died in it; see the log of the process`,
      );
    },
    forget: (stream) => {
      if (known.delete(stream)) worker.postMessage({ type: 'forget', stream } satisfies ToWorker);
    },
    bare: async (batch, rows, times) => {
      await revive();
      const answer = next(worker);
      worker.postMessage({ type: 'bare', batch, rows, times } satisfies ToWorker);
      const message = await answer;
      if (message?.type !== 'bared') throw closedError();
      const { before, use, runMs } = message;
      cpuMs = use.cpuMs;
      return { runMs, cpuMs: use.cpuMs === undefined ? undefined : use.cpuMs - before.cpuMs! };
    },
    get cpuMs() {
      return cpuMs;
    },
    get restarts() {
      return restarts;
    },
    leaveNative: () => barNativeNow(guard, NATIVE_MS),
    close: async () => {
      closed = true;
      answered?.(undefined);
      await kill();
    },
  };
}

function closedError(): PipelineError {
  return new PipelineError('SYLSTREAM_ERR_CLOSED', 'the encoder was closed; load the models again');
}

/** Starts `worker.ts`; from sources (tests) through tsx, which older Nodes need to read TypeScript. */
function startThread(setup: WorkerSetup): Worker {
  const options = { workerData: setup, name: 'sylstream-inference' };
  if (import.meta.url.endsWith('.js')) {
    return new Worker(new URL('./worker.js', import.meta.url), options);
  }
  const source = new URL('./worker.ts', import.meta.url).href;
  const boot = `import('tsx/esm/api').then(({ register }) => { register(); return import('${source}'); })`;
  return new Worker(boot, { ...options, eval: true });
}
