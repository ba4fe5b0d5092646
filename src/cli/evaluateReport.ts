import {
  type ComparedRecording,
  TOLERANCES_MS,
  type UnitReport,
  unitReport,
} from '../segments/unitReport.ts';
import type { ReferenceSource } from '../formats/readReference.ts';
import { provenanceOf } from '../formats/provenance.ts';
import type { Bundle } from '../models/bundle/bundle.ts';
import { msToSamples, toSeconds } from '../core/time.ts';
import type { EvaluateOptions } from './evaluateOptions.ts';
import { referenceLines } from './referenceNotes.ts';

/** One recording and how its units compare with its reference. */
export interface Evaluated extends ComparedRecording {
  readonly file: string;
  /** Where its reference stands. */
  readonly source: ReferenceSource;
}

/** Everything that a report speaks of. */
export interface Evaluation {
  /** In the order of the command line. */
  readonly recordings: readonly Evaluated[];
  readonly bundle: Bundle;
  readonly options: EvaluateOptions;
}

/** The report as one line of JSON, with the scores of every recording. */
export function evaluationJson({ recordings, bundle, options }: Evaluation): string {
  const provenance = provenanceOf(bundle, options.precision, options.rate);
  const limit = Number.isFinite(options.maxDelay) ? options.maxDelay : 'none';
  return `${JSON.stringify({
    ...provenance,
    maxDelayMs: limit,
    shiftMs: options.shift,
    bundleShiftSamples: bundle.config.boundaries.shiftSamples,
    ...report(recordings, bundle, options),
    recordings: recordings.map((recording) => ({
      file: recording.file,
      tier: recording.source.tier ?? null,
      ...(recording.source.assumed ? { tierAssumed: true } : {}),
      ...report([recording], bundle, options),
    })),
  })}\n`;
}

/** The report for people: a dozen lines. */
export function evaluationText({ recordings, bundle, options }: Evaluation): string {
  const all = report(recordings, bundle, options);
  const { config } = bundle;
  const from = provenanceOf(bundle, options.precision, options.rate);
  const seconds = recordings.reduce((sum, { units }) => sum + toSeconds(units.at(-1)?.end ?? 0), 0);
  const own = Math.round(toSeconds(config.boundaries.shiftSamples) * 1000);
  const { unitsPerSecond, delayMs, forced } = all;
  return `${[
    `${recordings.length} recordings, ${seconds.toFixed(1)} s`,
    `${from.bundle} ${from.version}, ${from.precision}, rate ${from.rate}, λ ${from.lambda}, ${from.hash.slice(0, 12)}`,
    `reference: ${referenceLines(recordings.map(({ source }) => source)).join('; ')}`,
    `shift ${options.shift} ms (beside the bundle's own ${own} ms)`,
    '',
    'tolerance  precision    recall        F1   R-value',
    ...TOLERANCES_MS.map((tolerance) => scoreRow(all, tolerance)),
    '',
    `units      ${all.units}, ${unitsPerSecond.toFixed(2)} a second of speech, ` +
      `${all.bitsPerSecond.toFixed(1)} bits a second (log2 of ${config.units.merged})`,
    `delay      ${delayMs.p50.toFixed(0)} ms median, ${delayMs.p95.toFixed(0)} ms 95th percentile, ` +
      `${(100 * forced).toFixed(1)} % forced`,
  ].join('\n')}\n`;
}

function scoreRow(all: UnitReport, tolerance: (typeof TOLERANCES_MS)[number]): string {
  const { precision, recall, f1, rValue, hits, found, reference } = all.boundaries[tolerance];
  const cells = [precision, recall, f1, rValue].map((value) => value.toFixed(3).padStart(10));
  const counts = `${hits} of ${found} found, ${reference} in the reference`;
  return `${`${tolerance} ms`.padEnd(10)}${cells.join('')}   ${counts}`;
}

function report(
  recordings: readonly Evaluated[],
  bundle: Bundle,
  options: EvaluateOptions,
): UnitReport {
  const { merged } = bundle.config.units;
  return unitReport(recordings, { shiftSamples: msToSamples(options.shift), merged });
}
