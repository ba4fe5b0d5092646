import type { Unit } from '../core/types.ts';
import { msToSamples, SAMPLE_RATE, toSeconds } from '../core/time.ts';
import {
  bitsPerSecond,
  type BoundaryCounts,
  type BoundaryScores,
  matchBoundaries,
  scoresOf,
  sumCounts,
  unitRate,
} from './scores.ts';

/** Tolerances that are reported, in milliseconds (both are in use; 50 is generous: chance is near 0.5). */
export const TOLERANCES_MS = [20, 50] as const;

/** A recording's units beside what somebody else found in it. */
export interface ComparedRecording {
  readonly units: readonly Unit[];
  /** Boundaries of the reference, ascending, in samples at 16 kHz. */
  readonly reference: readonly number[];
}

/** Options of `unitReport()`. */
export interface UnitReportOptions {
  /** Added to the found boundaries before they are compared, in samples. Default 0. */
  readonly shiftSamples?: number;
  /** M: units of the bundle, pauses not counted. */
  readonly merged: number;
}

/** How good, how many and how late the units of some recordings are. */
export interface UnitReport {
  /** Scores by tolerance in milliseconds. */
  readonly boundaries: Readonly<Record<(typeof TOLERANCES_MS)[number], BoundaryScores>>;
  /** Units without pauses. */
  readonly units: number;
  /** Units per second of non-pause. */
  readonly unitsPerSecond: number;
  readonly bitsPerSecond: number;
  /** Share of all units, pauses too, whose end the delay's limit forced. */
  readonly forced: number;
  /** `decided − end` in milliseconds of audio: median and 95th percentile. */
  readonly delayMs: { readonly p50: number; readonly p95: number };
}

/** Every start and end of a unit that is no pause, ascending; where two meet, once. */
export function unitBoundaries(units: readonly Unit[]): number[] {
  const spoken = units.filter((unit) => !unit.pause);
  return [...new Set(spoken.flatMap(({ start, end }) => [start, end]))];
}

/**
 * Compares units with references: precision, recall, F1 and R-value at 20 and 50 ms over all recordings together, unit
 * rate, bits a second, delay and forced decisions.
 */
export function unitReport(
  recordings: readonly ComparedRecording[],
  options: UnitReportOptions,
): UnitReport {
  const { shiftSamples = 0, merged } = options;
  const scores = (toleranceMs: number): BoundaryScores => {
    const counts = recordings.map(({ units, reference }): BoundaryCounts => {
      const found = unitBoundaries(units).map((sample) => sample + shiftSamples);
      const toleranceSamples = msToSamples(toleranceMs);
      const hits = matchBoundaries(found, reference, { toleranceSamples }).length;
      return { hits, found: found.length, reference: reference.length };
    });
    return scoresOf(sumCounts(counts));
  };
  const units = recordings.flatMap((recording) => recording.units);
  const delays = units
    .map((unit) => toSeconds(unit.decided - unit.end) * 1000)
    .sort((a, b) => a - b);
  const unitsPerSecond = unitRate(units);
  return {
    boundaries: { 20: scores(20), 50: scores(50) },
    units: units.filter((unit) => !unit.pause).length,
    unitsPerSecond,
    bitsPerSecond: bitsPerSecond(unitsPerSecond, merged),
    forced: units.length === 0 ? 0 : units.filter((unit) => unit.forced).length / units.length,
    delayMs: { p50: percentile(delays, 0.5), p95: percentile(delays, 0.95) },
  };
}

/** Reference times in seconds as samples. */
export function secondsToSamples(seconds: readonly number[]): number[] {
  return seconds.map((time) => Math.round(time * SAMPLE_RATE));
}

/** The smallest value that at least this share of the ascending values does not exceed; 0 without values. */
function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)] ?? 0;
}
