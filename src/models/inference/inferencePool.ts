import { checkNumber, whole } from '../../core/check.ts';
import { PipelineError } from '../../core/errors.ts';
import { createBatcher, type Batcher } from './batcher.ts';
import type { InferenceStatus } from './inferenceStatus.ts';
import type { ThreadSetup, RunReport } from './inferenceMessages.ts';
import { createMemoryPool, type MemoryPool } from './memoryPool.ts';
import type { Provider } from './tensors.ts';
import type { InferenceThread, Threads, WorkerLink } from './threads.ts';

/** Most streams of one run; more only adds latency (reference measurements). */
export const DEFAULT_BATCH = 32;

/** Options that every pool takes. */
export interface PoolOptions {
  /** Inference threads, 1 to 64; default: cores − 1, at least 1. */
  readonly workers?: number | undefined;
  /** Most streams of one run, 1 to 256; default 32. */
  readonly maxBatch?: number | undefined;
  /** Fuller batches for streams that have all their audio at hand; costs live ones time. Default false. */
  readonly gathers?: boolean | undefined;
  /** Execution providers in order of preference; default `['cpu']`. */
  readonly providers?: readonly Provider[] | undefined;
  /** Told of every inference thread that is started, restarts included. */
  readonly onThread?: ((thread: InferenceThread) => void) | undefined;
}

/** What a pool is to run, and how its jobs travel. */
export interface PoolModel<Job, Batch, Outputs, Result> {
  /** Of the precision that the status names. */
  readonly precision: string;
  /** The code of a row's own failure. */
  readonly failure: 'SYLSTREAM_ERR_ENCODER' | 'SYLSTREAM_ERR_LM' | 'SYLSTREAM_ERR_SPEAK';
  /** One thread's set-up, and how a batch of jobs becomes its message. */
  readonly thread: (maxBatch: number) => {
    readonly setup: ThreadSetup;
    readonly pack: (jobs: readonly Job[], fresh: (stream: number) => boolean) => Batch;
  };
  /** Jobs run together only when their keys are equal (their tensors have one shape). */
  readonly key: (job: Job) => number;
  /** Most jobs of one run with this key. */
  readonly batchOf: (key: number, maxBatch: number) => number;
  /** The result of the b-th job. */
  readonly result: (outputs: Outputs, b: number, job: Job) => Result;
}

/** A place in the pool: one stream, pinned to one thread. */
export interface PoolSlot<Job, Result> {
  /** Never used twice. */
  readonly stream: number;
  /** Runs one job, batched with those of other streams. */
  run(job: Job): Promise<Result>;
  /** Frees the slot; an answer still under way is dropped. */
  release(): void;
}

/** Inference threads with streams pinned to them. */
export interface InferencePool<Job, Result> {
  /** Resolves when every thread has its model; the lines say which providers refused. */
  readonly ready: Promise<readonly string[]>;
  open(): PoolSlot<Job, Result>;
  /** Memories for the streams of its slots. */
  readonly memories: MemoryPool;
  status(): InferenceStatus;
  /** The model alone on the first thread: `times` runs of one batch size, nothing gathered. Only while it is idle. */
  bare(
    batch: number,
    rows: number,
    times: number,
  ): Promise<{ runMs: number; cpuMs: number | undefined }>;
  close(): Promise<void>;
}

/** A job in the queue. */
interface Entry<Job> {
  readonly stream: number;
  readonly job: Job;
}

interface PoolThread<Job, Outputs, Result> {
  readonly link: WorkerLink<Job, Outputs>;
  readonly batcher: Batcher<Entry<Job>, Result>;
  streams: number;
}

/** Starts the threads of a pool, which are its own. @throws RangeError for `workers` or `maxBatch` out of range */
export function createInferencePool<Job, Batch, Outputs extends RunReport, Result>(
  model: PoolModel<Job, Batch, Outputs, Result>,
  options: PoolOptions & { readonly workers: number },
  threads: Threads,
): InferencePool<Job, Result> {
  const workers = checkNumber('workers', options.workers, whole(1, 64));
  const maxBatch = checkNumber('maxBatch', options.maxBatch ?? DEFAULT_BATCH, whole(1, 256));
  const batches: number[] = Array.from({ length: maxBatch + 1 }, () => 0);
  const times = { runMs: 0, gatherMs: 0, steps: 0 };
  let provider = 'loading';
  /** Streams that were opened and not released. */
  const live = new Set<number>();
  let streams = 0;
  let closed = false;

  function createThread(): PoolThread<Job, Outputs, Result> {
    const { setup, pack } = model.thread(maxBatch);
    const { onThread } = options;
    const link = threads.start<Job, Batch, Outputs>({
      setup,
      pack,
      isLive: (stream) => live.has(stream),
      onThread,
    });
    const batcher = createBatcher<Entry<Job>, Result>({
      maxBatch: (key) => model.batchOf(key, maxBatch),
      key: ({ job }) => model.key(job),
      gathers: options.gathers,
      run: (entries) => runBatch(link, entries),
    });
    return { link, batcher, streams: 0 };
  }

  /** Runs what is still wanted. */
  async function runBatch(
    link: WorkerLink<Job, Outputs>,
    entries: readonly Entry<Job>[],
  ): Promise<(Result | Error)[]> {
    const wanted = entries.filter(({ stream }) => live.has(stream));
    const results =
      wanted.length > 0
        ? await runJobs(
            link,
            wanted.map(({ job }) => job),
          )
        : [];
    const gone = closedError('the stream was released before its step ran');
    let next = 0;
    return entries.map((entry) => (entry === wanted[next] ? results[next++] : gone));
  }

  async function runJobs(
    link: WorkerLink<Job, Outputs>,
    jobs: readonly Job[],
  ): Promise<(Result | Error)[]> {
    const outputs = await link.run(jobs);
    batches[jobs.length]++;
    times.steps += jobs.length;
    times.runMs += outputs.runMs;
    times.gatherMs += outputs.gatherMs;
    return jobs.map((job, b) => {
      const failed = outputs.failed[b];
      if (failed !== undefined) return new PipelineError(model.failure, failed);
      return model.result(outputs, b, job);
    });
  }

  const places = Array.from({ length: workers }, createThread);
  const ready = Promise.all(places.map(({ link }) => link.ready)).then((all) => {
    provider = [...new Set(all.map((one) => one.provider))].join('+');
    return all[0].refused;
  });
  ready.catch(() => undefined); // a pool may be closed before anyone waits for it

  return {
    ready,
    memories: createMemoryPool(),
    open: () => {
      if (closed) throw closedError('the models were closed; load them again');
      const thread = places.reduce((least, one) => (one.streams < least.streams ? one : least));
      const stream = streams++;
      thread.streams++;
      live.add(stream);
      return {
        stream,
        run: (job) => thread.batcher.submit({ stream, job }),
        release: () => {
          if (!live.delete(stream)) return;
          thread.streams--;
          thread.link.forget(stream);
        },
      };
    },
    status: () => ({
      provider,
      precision: model.precision,
      workers,
      streams: places.reduce((sum, thread) => sum + thread.streams, 0),
      queued: places.reduce((sum, thread) => sum + thread.batcher.queued, 0),
      restarts: places.reduce((sum, thread) => sum + thread.link.restarts, 0),
      batches: [...batches],
      cpuMs: sumOf(places.map(({ link }) => link.cpuMs)),
      ...times,
    }),
    bare: (batch, rows, count) => places[0].link.bare(batch, rows, count),
    close: async () => {
      closed = true;
      const reason = closedError('the models were closed while the stream ran');
      for (const { batcher } of places) batcher.close(reason);
      await threads.close();
    },
  };
}

function closedError(message: string): PipelineError {
  return new PipelineError('SYLSTREAM_ERR_CLOSED', message);
}

function sumOf(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce<number | undefined>(
    (sum, value) => (sum === undefined || value === undefined ? undefined : sum + value),
    0,
  );
}
