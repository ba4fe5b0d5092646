import { cpus, loadavg } from 'node:os';
import { TOKEN_SAMPLES, SAMPLE_RATE } from '../core/time.ts';
import type { Precision } from '../models/bundle/bundle.ts';
import type { StreamPool } from '../streams/pool/poolTypes.ts';
import { createStreamPool } from '../streams/pool/streamPool.ts';
import { runLiveStreams, type LiveReport } from './liveStreams.ts';

const TOKENS_PER_SECOND = SAMPLE_RATE / TOKEN_SAMPLES;

/** One precision at one number of streams, beside the bare model. */
export interface CapacityRow extends LiveReport {
  readonly precision: Precision;
  /** CPU of the whole process over that of the same steps by the bare model in batches of 16. */
  readonly timesBare: number;
}

/** A whole benchmark with the machine that it ran on. */
export interface CapacityReport {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly bundle: { readonly name: string; readonly version: string; readonly hash: string };
  /** CPU milliseconds of one stream-step of the bare model, by precision and batch size. */
  readonly bareStepMs: Readonly<Record<string, Readonly<Record<number, number>>>>;
  readonly rows: readonly CapacityRow[];
}

/** What to measure. */
export interface CapacityOptions {
  readonly speech: Float32Array;
  readonly streams: readonly number[];
  readonly seconds: number;
  readonly precisions: readonly Precision[];
  readonly bundle?: string | undefined;
  /** Threads that streams live in; default: the cores. */
  readonly shards?: number | undefined;
  /** Told before each row. */
  readonly onRow?: ((precision: Precision, streams: number) => void) | undefined;
}

/** Measures the capacity curve: live streams at each number, with the bare model as baseline. */
export async function measureCapacity(options: CapacityOptions): Promise<CapacityReport> {
  const rows: CapacityRow[] = [];
  const bareStepMs: Record<string, Record<number, number>> = {};
  const loadBefore = loadavg()[0];
  let bundle = { name: '', version: '', hash: '' };
  for (const precision of options.precisions) {
    const { bundle: folder, shards } = options;
    const pool = await createStreamPool({
      bundle: folder,
      precision,
      shards,
      lm: false,
      warm: true,
      patient: true,
    });
    const { manifest, hash, config } = pool.bundle;
    bundle = { name: manifest.name, version: manifest.version, hash };
    try {
      const bare = await bareSteps(pool);
      bareStepMs[precision] = bare;
      const second = bare[16] * (TOKENS_PER_SECOND / config.encoder.chunkTokens);
      await runLiveStreams(pool, { streams: 4, seconds: 2, speech: options.speech });
      for (const streams of options.streams) {
        options.onRow?.(precision, streams);
        const report = await runLiveStreams(pool, { ...options, streams });
        rows.push({ ...report, precision, timesBare: report.cpuMs / second });
      }
    } finally {
      await pool.close();
    }
  }
  const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version };
  return { machine, loadBefore, loadAfter: loadavg()[0], bundle, bareStepMs, rows };
}

/** CPU milliseconds of one stream-step of the bare model in a hot loop, by size of batch. */
async function bareSteps(pool: StreamPool): Promise<Record<number, number>> {
  const steps: Record<number, number> = {};
  for (const batch of [1, 2, 4, 8, 16]) {
    await pool.bare!(batch, 3);
    const { runMs, cpuMs = runMs } = await pool.bare!(batch, 20);
    steps[batch] = cpuMs / 20 / batch;
  }
  return steps;
}
