import { Worker } from 'node:worker_threads';
import { PipelineError, type ErrorCode } from '../../core/errors.ts';
import type { ThreadSetup, FromWorker, Guarded, ToWorker } from './inferenceMessages.ts';
import type { LinkOptions, WorkerLink } from './threads.ts';
import { barNative, barNativeNow, createGuardMemory } from './nativeGuard.ts';
import type { Provider } from './tensors.ts';
import { THREAD_LIMITS } from './threadLimits.ts';
import { turnTelemetryOffHere } from './telemetry.ts';

/** Starts in a row that may fail, and runs of one batch that may end in a death, before the link gives up. */
const MAX_FAILURES = 12;
/** A link whose thread may die and is started again. */
export interface MortalLink<Job, Outputs> extends WorkerLink<Job, Outputs> {
  /** Blocks until the thread is out of native calls, and lets it into none any more: for the last moments of a process. */
  leaveNative(): void;
}

/** A native call that takes longer than this hangs, and is not waited for. */
const NATIVE_MS = 10_000;

/**
 * Starts an inference thread and keeps one running. What it keeps of streams is shared memory that outlives the
 * thread, so after a death the batch under way is simply run again: its answer had not been seen, hence nothing of
 * it counts yet.
 */
export function createWorkerLink<Job, Batch, Outputs>(
  options: LinkOptions<Job, Batch>,
): MortalLink<Job, Outputs> {
  const { setup, pack, isLive, onThread } = options;
  let known = new Set<number>();
  /** Streams that the thread met in the batch under way. */
  let met: number[] = [];
  let restarts = 0;
  let cpuMs: number | undefined;
  let closed = false;
  let worker: Worker;
  let guard: SharedArrayBuffer;
  let alive: Promise<{ provider: Provider; refused: readonly string[] }>;
  /** Settles the answer that is waited for. */
  let answered: ((message: FromWorker<Outputs> | undefined) => void) | undefined;

  function launch(): void {
    known = new Set();
    guard = createGuardMemory();
    try {
      worker = startThread({ ...setup, guard, isSilent: turnTelemetryOffHere() });
    } catch (cause) {
      const why = `expected to start an inference thread, got ${(cause as Error).message}; ask for fewer with workers`;
      throw new PipelineError('SYLSTREAM_ERR_WORKER', why, { cause });
    }
    // A death is seen as `exit`; without this listener an error in an idle thread would end the process.
    worker.on('error', () => undefined);
    onThread?.({ kill });
    alive = next(worker).then((message) => {
      if (message?.type === 'ready') return message;
      const code =
        message?.type === 'refused' ? (message.code as ErrorCode) : 'SYLSTREAM_ERR_WORKER';
      const why =
        message?.type === 'refused'
          ? message.message
          : 'an inference thread died as it started; where memory or open files (ulimit -n) are short, ask for fewer with workers';
      throw new PipelineError(code, why);
    });
    alive.catch(() => undefined);
  }

  /** The next message of this thread, or nothing when it dies first. */
  function next(from: Worker): Promise<FromWorker<Outputs> | undefined> {
    return new Promise((resolve) => {
      const settle = (message: FromWorker<Outputs> | undefined): void => {
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

  const tell = (message: ToWorker<Batch>): void => worker.postMessage(message);

  function fresh(stream: number): boolean {
    if (known.has(stream)) return false;
    known.add(stream);
    met.push(stream);
    return true;
  }

  function forget(stream: number): void {
    if (known.delete(stream)) tell({ type: 'forget', stream });
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
        if (failures >= MAX_FAILURES || (error as PipelineError).code !== 'SYLSTREAM_ERR_WORKER')
          throw error;
      }
      if (closed) throw closedError(); // while it started
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
        met = [];
        if (!gone) tell({ type: 'run', batch: pack(jobs, fresh) });
        const message = gone ? undefined : await answer;
        if (closed) throw closedError();
        if (message?.type === 'done') {
          cpuMs = message.use.cpuMs;
          // Released between the batch and its message: nobody else would tell the thread.
          for (const stream of met) if (!isLive(stream)) forget(stream);
          return message.outputs;
        }
        dying = current;
      }
      throw new PipelineError(
        'SYLSTREAM_ERR_WORKER',
        `expected an inference thread to finish a batch, and ${MAX_FAILURES} in a row died in it; see the log of the process`,
      );
    },
    forget,
    bare: async (batch, rows, times) => {
      await revive();
      const answer = next(worker);
      tell({ type: 'bare', batch, rows, times });
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
  return new PipelineError('SYLSTREAM_ERR_CLOSED', 'the models were closed; load them again');
}

/** Starts `worker.ts`; from sources (tests) through tsx, which older Nodes need to read TypeScript. */
function startThread(setup: ThreadSetup & Guarded): Worker {
  const name = setup.kind === 'lm' ? 'sylstream-lm' : 'sylstream-inference';
  const options = { workerData: setup, name, resourceLimits: THREAD_LIMITS };
  if (import.meta.url.endsWith('.js')) {
    return new Worker(new URL('../worker.js', import.meta.url), options);
  }
  const source = new URL('../worker.ts', import.meta.url).href;
  const boot = `import('tsx/esm/api').then(({ register }) => { register(); return import('${source}'); })`;
  return new Worker(boot, { ...options, eval: true });
}
