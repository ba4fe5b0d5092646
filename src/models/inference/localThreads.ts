import { PipelineError } from '../../core/errors.ts';
import type { Engine } from './engine.ts';
import type { Guarded, ThreadSetup } from './inferenceMessages.ts';
import type { LinkOptions, Threads, WorkerLink } from './threads.ts';

/** Opens the engine that a set-up asks for. */
export type CreateEngine<Setup extends ThreadSetup> = (
  setup: Setup & Guarded,
) => Promise<Engine<unknown, unknown>>;

/**
 * No threads: engines run in the thread that asks, which has nothing else to do (a Web Worker). A pool over it batches and
 * counts as over any other; there is no thread to die, so nothing is started again. Whoever opens the sessions closes them.
 */
export function createLocalThreads<Setup extends ThreadSetup>(
  createEngine: CreateEngine<Setup>,
): Threads {
  let closed = false;

  function start<Job, Batch, Outputs>({
    setup,
    pack,
    isLive,
  }: LinkOptions<Job, Batch>): WorkerLink<Job, Outputs> {
    const known = new Set<number>();
    // No call has to be waited for: nobody ends this thread from outside but with all that it holds.
    const engine = createEngine({
      ...(setup as Setup), // what the pool was made with
      guard: new ArrayBuffer(8),
      isSilent: true,
    });
    const ready = engine.then(({ loaded: { provider, refused } }) => ({ provider, refused }));
    ready.catch(() => undefined); // a pool may be closed before anyone waits for it

    async function forget(stream: number): Promise<void> {
      if (known.delete(stream)) (await engine).forget(stream);
    }

    return {
      ready,
      run: async (jobs) => {
        const { run } = await engine;
        const met: number[] = [];
        const fresh = (stream: number): boolean => {
          if (known.has(stream)) return false;
          known.add(stream);
          met.push(stream);
          return true;
        };
        const outputs = (await run(pack(jobs, fresh))) as Outputs;
        if (closed) throw closedError();
        // Released while its first step ran: nobody else would tell the engine.
        for (const stream of met) if (!isLive(stream)) void forget(stream);
        return outputs;
      },
      bare: async (batch, rows, times) => {
        const { bare } = await engine;
        const begin = performance.now();
        for (let i = 0; i < times; i++) await bare(batch, rows);
        return { runMs: performance.now() - begin, cpuMs: undefined };
      },
      cpuMs: undefined,
      forget: (stream) => void forget(stream),
      restarts: 0,
      close: () => Promise.resolve(),
    };
  }

  return {
    start,
    close() {
      closed = true;
      return Promise.resolve();
    },
  };
}

function closedError(): PipelineError {
  return new PipelineError('SYLSTREAM_ERR_CLOSED', 'the models were closed; load them again');
}
