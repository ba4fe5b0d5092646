/** A shard as a thread: takes messages, runs batches as long as streams have steps to do, tells what came of them. */
import { parentPort, workerData } from 'node:worker_threads';
import { PipelineError } from '../../core/errors.ts';
import { fft } from '../../mel/pffft.ts';
import { hearsWave } from '../../models/bundle/bundle.ts';
import { speex } from '../../audio/speex.ts';
import { guardNative } from '../../models/inference/nativeGuard.ts';
import { recentThreadCpuMs, threadCpuMs } from '../../models/inference/threadCpu.ts';
import { readCodebook } from '../../models/codebook/readCodebook.ts';
import { importEngine } from '../../models/inference/importEngine.ts';
import { openRunner } from '../../models/encoder/openRunner.ts';
import type { StepRunner } from '../../models/encoder/stepRunner.ts';
import { createShard, type ShardRun } from './shard.ts';
import type { FromShard, ShardSetup, ToShard } from './shardMessages.ts';
import { createPatience } from './patience.ts';
import { createShardContext } from './shardStream.ts';

/** In a batch of so many a row costs nearly as little as in the largest. */
const ENOUGH_STEPS = 16;
const port = parentPort!;
const tell = (message: FromShard): void => port.postMessage(message);

async function start({
  bundle,
  modelPath,
  providers,
  maxBatch,
  remote,
  isWarm,
  guard,
  isSilent,
  isPatient,
}: ShardSetup): Promise<void> {
  const guarded = guardNative(guard);
  const { encoder } = bundle.config;
  const runner = remote
    ? await (await import('../../models/encoder/remoteRunner.ts')).createRemoteRunner(remote)
    : await openHere();

  async function openHere(): Promise<StepRunner> {
    const { openModel } = await importEngine(
      () => import('../../models/inference/onnx.ts'),
      isSilent,
    );
    const maxRows = encoder.chunkTokens + encoder.delayTokens;
    return openRunner({ modelPath, providers, encoder, maxBatch, maxRows }, guarded, openModel);
  }

  // The largest first: the smaller ones find room in what the runtime keeps of it. A window is long enough to warm by itself.
  const largest = hearsWave(encoder) ? 1 : maxBatch;
  for (let batch = isWarm && !remote ? largest : 0; batch >= 1; batch--) {
    await runner.bare(batch, encoder.chunkTokens + encoder.delayTokens);
    await runner.bare(batch, encoder.chunkTokens);
  }
  const codebook = await readCodebook(bundle);
  await Promise.all([fft.load(), speex.load()]);
  const shard = createShard(createShardContext(bundle, codebook), runner, maxBatch);
  let runs: ShardRun[] = [];
  let running = false;
  const patience = isPatient ? createPatience() : { ms: 0 };
  /** When the first of the steps that wait came. */
  let readySince = 0;
  let waiting: NodeJS.Timeout | undefined;
  /** Buffers whose audio was taken in. */
  let taken: Uint8Array<ArrayBuffer>[] = [];

  function report(): void {
    const results = shard.results();
    // Told first, then saved: what a saved state has behind it has surely been told.
    if (results.length > 0 || runs.length > 0) tellOf(results);
    if (shard.save()) report();
  }

  function tellOf(results: ReturnType<typeof shard.results>): void {
    const sum = (part: (run: ShardRun) => number) =>
      runs.reduce((total, run) => total + part(run), 0);
    const figures = {
      batches: runs.map(({ streams }) => streams),
      runMs: sum(({ runMs }) => runMs),
      gatherMs: sum(({ gatherMs }) => gatherMs),
      queued: shard.queued,
      cpuMs: recentThreadCpuMs(),
    };
    runs = [];
    const audio = taken;
    taken = [];
    port.postMessage(
      { type: 'done', results, figures, audio } satisfies FromShard,
      audio.map(({ buffer }) => buffer),
    );
  }

  /** Runs what is ready, or waits for more of it where that saves time. What was ready may be gone with its stream. */
  function begin(): void {
    clearTimeout(waiting);
    if (shard.queued === 0) return;
    const waitMs = shard.queued >= ENOUGH_STEPS ? 0 : readySince + patience.ms - performance.now();
    if (waitMs > 0) waiting = setTimeout(begin, waitMs);
    else void run();
  }

  async function run(): Promise<void> {
    running = true;
    runs.push(await shard.run());
    report();
    running = false;
    if (shard.queued > 0) begin();
  }

  port.on('message', (message: ToShard) => {
    if (message.type === 'bare') {
      void bare(message);
      return;
    }
    const before = shard.queued;
    shard.take(message.items, message.audio);
    taken.push(message.audio);
    if (before === 0 && shard.queued > 0) readySince = performance.now();
    if (running) return; // what came of it is told after the run: until then memory is in use
    if (shard.queued === 0) report();
    begin();
  });

  async function bare({ batch, rows, times }: Extract<ToShard, { type: 'bare' }>): Promise<void> {
    const cpuBefore = threadCpuMs();
    const begin = performance.now();
    for (let i = 0; i < times; i++) await runner.bare(batch, rows);
    const used = threadCpuMs();
    tell({
      type: 'bared',
      runMs: performance.now() - begin,
      cpuMs: used === undefined || cpuBefore === undefined ? undefined : used - cpuBefore,
    });
  }

  const { provider, refused, runtime, processor } = runner.loaded;
  tell({ type: 'ready', provider, refused, runtime, processor });
}

const setup = workerData as ShardSetup;
guardNative(setup.guard)(() => start(setup)).catch((error: unknown) => {
  const code = error instanceof PipelineError ? error.code : 'SYLSTREAM_ERR_WORKER';
  tell({ type: 'refused', code, message: error instanceof Error ? error.message : String(error) });
});
