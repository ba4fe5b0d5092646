import { cpus, loadavg } from 'node:os';
import { loadModels } from '../models/loadModels.ts';
import type { Precision } from '../models/bundle/bundle.ts';
import { runLiveStreams, type LiveReport } from './liveStreams.ts';

/** One precision at one number of streams, beside the bare model. */
export interface CapacityRow extends LiveReport {
  readonly precision: Precision;
  /**
   * Worker CPU over the time of its own `session.run` calls, minus 1: what gathering, scattering and messages cost on top
   * of the very same batches. Means something only on a machine that does nothing else (a run that waits for a core
   * counts its waiting).
   */
  readonly overhead: number | undefined;
  /** CPU milliseconds of the same batch sizes replayed in a hot loop by the model alone, right after. */
  readonly replayCpuMs: number | undefined;
  /** Worker CPU over the hot replay, minus 1: the above, and what cold caches and waking up cost a paced run. */
  readonly overReplay: number | undefined;
}

/** A whole benchmark with the machine that it ran on. */
export interface CapacityReport {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly bundle: { readonly name: string; readonly version: string; readonly hash: string };
  /** Milliseconds of one stream-step of the bare model, by precision and batch size. */
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
  readonly workers?: number | undefined;
  /** Told before each row. */
  readonly onRow?: ((precision: Precision, streams: number) => void) | undefined;
}

/** Measures the capacity curve: live streams at each number, with the bare model of the same batches as baseline. */
export async function measureCapacity(options: CapacityOptions): Promise<CapacityReport> {
  const rows: CapacityRow[] = [];
  const bareStepMs: Record<string, Record<number, number>> = {};
  const loadBefore = loadavg()[0];
  let bundle = { name: '', version: '', hash: '' };
  for (const precision of options.precisions) {
    const models = await loadModels({
      lm: false,
      bundle: options.bundle,
      precision,
      workers: options.workers ?? 1,
    });
    const { manifest, hash } = models.bundle;
    bundle = { name: manifest.name, version: manifest.version, hash };
    const bare = models.encoder.bare!;
    try {
      bareStepMs[precision] = {};
      for (const batch of [1, 2, 4, 8, 16, 32]) {
        await bare(batch, 3);
        bareStepMs[precision][batch] = (await bare(batch, 20)).runMs / 20 / batch;
      }
      await runLiveStreams(models, { streams: 4, seconds: 2, speech: options.speech });
      for (const streams of options.streams) {
        options.onRow?.(precision, streams);
        const report = await runLiveStreams(models, { ...options, streams });
        const replayCpuMs = await replay(bare, report.batches);
        const { cpuMs, runMs } = report.worker;
        const over = (base: number | undefined): number | undefined =>
          cpuMs === undefined || base === undefined ? undefined : cpuMs / base - 1;
        const overhead = over(runMs);
        rows.push({ ...report, precision, overhead, replayCpuMs, overReplay: over(replayCpuMs) });
      }
    } finally {
      await models.close();
    }
  }
  const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version };
  return { machine, loadBefore, loadAfter: loadavg()[0], bundle, bareStepMs, rows };
}

/** CPU of the model alone for a histogram of batches, measured on at most 20 runs of each size. */
async function replay(
  bare: (batch: number, times: number) => Promise<{ cpuMs: number | undefined }>,
  batches: readonly number[],
): Promise<number | undefined> {
  let total = 0;
  for (const [batch, runs] of batches.entries()) {
    if (runs === 0) continue;
    const times = Math.min(20, runs);
    const { cpuMs } = await bare(batch, times);
    if (cpuMs === undefined) return undefined;
    total += (cpuMs / times) * runs;
  }
  return total;
}
