import { availableParallelism } from 'node:os';
import { PipelineError } from '../errors.ts';
import { MEL_BINS } from '../units.ts';
import { createBatcher, type Batcher } from './batcher.ts';
import type { EncoderConfig } from './bundle.ts';
import type { EncoderRows, EncoderStatus } from './encoder.ts';
import type { WorkerSetup } from './inferenceMessages.ts';
import type { Provider } from './onnx.ts';
import { createWorkerLink, type InferenceThread, type Job, type WorkerLink } from './workerLink.ts';

/** Options that every pooled backend takes. */
export interface PoolOptions {
  /** Inference threads, 1 to 64; default: cores − 1, at least 1. */
  readonly workers?: number | undefined;
  /** Most streams of one run, 1 to 256; default 32 (more only adds latency: reference measurements). */
  readonly maxBatch?: number | undefined;
  /** Execution providers in order of preference; default `['cpu']`. */
  readonly providers?: readonly Provider[] | undefined;
  /** Told of every inference thread that is started, restarts included. */
  readonly onThread?: ((thread: InferenceThread) => void) | undefined;
}

/** What the pool is to run. */
export interface PoolModel {
  readonly kind: 'step' | 'window';
  readonly modelPath: string;
  readonly precision: string;
  readonly encoder: EncoderConfig;
  /** Tokens of the longest row. */
  readonly maxRows: number;
}

/** A place in the pool: one stream, pinned to one thread. */
export interface PoolSlot {
  /** Never used twice. */
  readonly stream: number;
  /** Runs one step, batched with those of other streams. */
  run(job: Omit<Job, 'stream'>): Promise<EncoderRows>;
  /** Frees the slot; an answer still under way is dropped. */
  release(): void;
}

/** Inference threads with streams pinned to them. */
export interface EncoderPool {
  /** Resolves when every thread has its model; the lines say which providers refused. */
  readonly ready: Promise<readonly string[]>;
  open(): PoolSlot;
  status(): EncoderStatus;
  /** The model alone on the first thread: `times` runs of one batch size, nothing gathered. Only while it is idle. */
  bare(batch: number, times: number): Promise<{ runMs: number; cpuMs: number | undefined }>;
  close(): Promise<void>;
}

interface Lane {
  readonly link: WorkerLink;
  readonly batcher: Batcher<Job, EncoderRows>;
  streams: number;
}

/** Starts the threads of a pool. @throws RangeError for `workers` or `maxBatch` out of range */
export function createEncoderPool(model: PoolModel, options: PoolOptions = {}): EncoderPool {
  const workers = whole('workers', options.workers ?? Math.max(1, availableParallelism() - 1), 64);
  const maxBatch = whole('maxBatch', options.maxBatch ?? 32, 256);
  const batches: number[] = Array.from({ length: maxBatch + 1 }, () => 0);
  const times = { runMs: 0, gatherMs: 0, steps: 0 };
  let provider = 'loading';
  let streams = 0;
  let closed = false;

  function createLane(): Lane {
    const link = createWorkerLink(setupOf(model, maxBatch, options.providers ?? ['cpu']), options.onThread);
    const batcher = createBatcher<Job, EncoderRows>({
      maxBatch,
      key: ({ rows }) => rows,
      run: (jobs) => runBatch(link, jobs),
    });
    return { link, batcher, streams: 0 };
  }

  async function runBatch(link: WorkerLink, jobs: readonly Job[]): Promise<(EncoderRows | Error)[]> {
    const outputs = await link.run(jobs);
    batches[jobs.length]++;
    times.steps += jobs.length;
    times.runMs += outputs.runMs;
    times.gatherMs += outputs.gatherMs;
    const { keep } = jobs[0];
    const width = model.encoder.featureWidth;
    return jobs.map((_, b) => {
      const failed = outputs.failed[b];
      if (failed !== undefined) return new PipelineError('SYLSTREAM_ERR_ENCODER', failed);
      return {
        features: outputs.features.subarray(b * keep * width, (b + 1) * keep * width),
        ...(outputs.boundary && { boundary: outputs.boundary.subarray(b * keep, (b + 1) * keep) }),
        ...(outputs.speech && { speech: outputs.speech.subarray(b * keep, (b + 1) * keep) }),
      };
    });
  }

  const lanes = Array.from({ length: workers }, createLane);
  // `process.exit()` ends threads too: not in the middle of a native call.
  const leaveNative = (): void => lanes.forEach(({ link }) => link.leaveNative());
  process.on('exit', leaveNative);
  const ready = Promise.all(lanes.map(({ link }) => link.ready)).then((all) => {
    provider = [...new Set(all.map((one) => one.provider))].join('+');
    return all[0].refused;
  });

  return {
    ready,
    open: () => {
      if (closed) throw new PipelineError('SYLSTREAM_ERR_CLOSED', 'the encoder was closed; load the models again');
      const lane = lanes.reduce((least, one) => (one.streams < least.streams ? one : least));
      const stream = streams++;
      lane.streams++;
      let released = false;
      return {
        stream,
        run: (job) => lane.batcher.submit({ ...job, stream }),
        release: () => {
          if (released) return;
          released = true;
          lane.streams--;
          lane.link.forget(stream);
        },
      };
    },
    status: () => ({
      provider,
      precision: model.precision,
      workers,
      streams: lanes.reduce((sum, lane) => sum + lane.streams, 0),
      queued: lanes.reduce((sum, lane) => sum + lane.batcher.queued, 0),
      restarts: lanes.reduce((sum, lane) => sum + lane.link.restarts, 0),
      batches: [...batches],
      cpuMs: sumOf(lanes.map(({ link }) => link.cpuMs)),
      ...times,
    }),
    bare: (batch, count) => lanes[0].link.bare(batch, model.encoder.chunkTokens, count),
    close: async () => {
      closed = true;
      const reason = new PipelineError('SYLSTREAM_ERR_CLOSED', 'the encoder was closed while the stream ran');
      for (const { batcher } of lanes) batcher.close(reason);
      await Promise.all(lanes.map(({ link }) => link.close()));
      process.off('exit', leaveNative);
    },
  };
}

function sumOf(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce<number | undefined>((sum, value) => (sum === undefined || value === undefined ? undefined : sum + value), 0);
}

function setupOf(
  model: PoolModel,
  maxBatch: number,
  providers: readonly Provider[],
): Omit<WorkerSetup, 'guard'> {
  const { kind, modelPath, encoder, maxRows } = model;
  const lanes = new SharedArrayBuffer(4 * maxBatch * 2 * maxRows * MEL_BINS);
  return { kind, modelPath, providers, encoder, maxBatch, maxRows, lanes };
}

function whole(option: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new RangeError(`${option} must be a whole number from 1 to ${most}, got ${value}`);
}
