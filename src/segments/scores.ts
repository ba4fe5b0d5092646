import { between, checkNumber, whole } from '../core/check.ts';
import { SAMPLE_RATE } from '../core/time.ts';

/** How many boundaries of two recordings' worth met; such counts add up over files. */
export interface BoundaryCounts {
  /** Pairs of a found and a reference boundary within the tolerance, one to one. */
  readonly hits: number;
  /** Boundaries found. */
  readonly found: number;
  /** Boundaries of the reference. */
  readonly reference: number;
}

/** Scores from counts, all but `rValue` in [0, 1]. */
export interface BoundaryScores extends BoundaryCounts {
  /** hits / found; 0 where nothing was found. */
  readonly precision: number;
  /** hits / reference; 0 where there is no reference. */
  readonly recall: number;
  /** Harmonic mean of the two; 0 where both are. */
  readonly f1: number;
  /** R-value (Räsänen, Laine, Altosaar 2009), at most 1: punishes boundaries bought by over-segmentation. */
  readonly rValue: number;
}

/** Options of everything that compares places. */
export interface ToleranceOptions {
  /** How far apart two places may lie and still meet, in the unit of the places; both ends count. */
  readonly toleranceSamples: number;
}

/**
 * Pairs the places of two ascending lists that lie within the tolerance, one to one, as index pairs `[found, reference]`.
 *
 * Greedy from the left with two pointers. With one tolerance for all this is a largest matching: the earliest unpaired
 * place of either list can only lose by waiting. Throws a `RangeError` for a negative tolerance or a list out of order.
 */
export function matchBoundaries(
  found: readonly number[],
  reference: readonly number[],
  { toleranceSamples }: ToleranceOptions,
): [found: number, reference: number][] {
  checkNumber('toleranceSamples', toleranceSamples, between(0));
  requireAscending('found', found);
  requireAscending('reference', reference);
  const pairs: [number, number][] = [];
  let i = 0;
  let j = 0;
  while (i < found.length && j < reference.length) {
    const distance = found[i] - reference[j];
    if (Math.abs(distance) <= toleranceSamples) pairs.push([i++, j++]);
    else if (distance < 0) i += 1;
    else j += 1;
  }
  return pairs;
}

/** Compares found boundaries with a reference, both ascending and in the same unit (samples at 16 kHz). */
export function scoreBoundaries(
  found: readonly number[],
  reference: readonly number[],
  options: ToleranceOptions,
): BoundaryScores {
  return scoresOf({
    hits: matchBoundaries(found, reference, options).length,
    found: found.length,
    reference: reference.length,
  });
}

/**
 * Turns counts into scores (papers: the evaluation of SyllableLM): OS = recall/precision − 1, which is found/reference − 1;
 * r1 = √((1 − recall)² + OS²); r2 = (−OS + recall − 1)/√2; R = 1 − (|r1| + |r2|)/2. Without any reference OS counts as 0
 * where nothing was found either and as the number found otherwise.
 */
export function scoresOf(counts: BoundaryCounts): BoundaryScores {
  const { hits, found, reference } = counts;
  const precision = found === 0 ? 0 : hits / found;
  const recall = reference === 0 ? 0 : hits / reference;
  const f1 = hits === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  const over = reference === 0 ? found : found / reference - 1;
  const r1 = Math.hypot(1 - recall, over);
  const r2 = (-over + recall - 1) / Math.SQRT2;
  return { ...counts, precision, recall, f1, rValue: 1 - (Math.abs(r1) + Math.abs(r2)) / 2 };
}

/** Adds the counts of several files up; their scores are those of one long file. */
export function sumCounts(all: Iterable<BoundaryCounts>): BoundaryCounts {
  let [hits, found, reference] = [0, 0, 0];
  for (const counts of all) {
    hits += counts.hits;
    found += counts.found;
    reference += counts.reference;
  }
  return { hits, found, reference };
}

/** A stretch of time. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Pairs segments of which both ends lie within the tolerance, one to one, as index pairs `[found, reference]`. Both lists
 * are in order and do not overlap themselves. Greedy from the left: of two that do not meet, the one that ends first goes.
 */
export function matchSegments(
  found: readonly Span[],
  reference: readonly Span[],
  { toleranceSamples }: ToleranceOptions,
): [found: number, reference: number][] {
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= toleranceSamples;
  const pairs: [number, number][] = [];
  let i = 0;
  let j = 0;
  while (i < found.length && j < reference.length) {
    const [a, b] = [found[i], reference[j]];
    if (near(a.start, b.start) && near(a.end, b.end)) pairs.push([i++, j++]);
    else if (a.end <= b.end) i += 1;
    else j += 1;
  }
  return pairs;
}

/** A segment or unit that may be a pause. */
export interface RatedSpan extends Span {
  readonly pause: boolean;
}

/** Returns units per second of non-pause, from spans in samples at 16 kHz; 0 where all is pause. */
export function unitRate(spans: readonly RatedSpan[]): number {
  const spoken = spans.filter(({ pause }) => !pause);
  const samples = spoken.reduce((sum, { start, end }) => sum + end - start, 0);
  return samples === 0 ? 0 : (spoken.length * SAMPLE_RATE) / samples;
}

/** Returns bits per second: units a second × log2 of the number of units M, pauses not counted. */
export function bitsPerSecond(unitsPerSecond: number, units: number): number {
  checkNumber('units', units, whole(1));
  return unitsPerSecond * Math.log2(units);
}

function requireAscending(name: string, places: readonly number[]): void {
  for (let i = 1; i < places.length; i++) {
    if (places[i] >= places[i - 1]) continue;
    throw new RangeError(`${name} must be ascending, got ${places[i]} after ${places[i - 1]}`);
  }
}
