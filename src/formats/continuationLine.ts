import type { PredictedUnit } from '../core/types.ts';
import { fourDigits } from './fourDigits.ts';

/** One hypothesis of a continuation, whole. */
export interface WholeHypothesis {
  /** Which of the n, from 0. */
  readonly hypothesis: number;
  /** Index of the last unit that it knows, −1 for none. */
  readonly after: number;
  readonly units: readonly PredictedUnit[];
}

/** Values of `--format` of `sylstream continue`. */
export const CONTINUATION_FORMATS = ['jsonl', 'text'] as const;

/** One of them. */
export type ContinuationFormat = (typeof CONTINUATION_FORMATS)[number];

/**
 * Writes a hypothesis as one line: `jsonl` an object with `hypothesis, after, units, logProbabilities` (natural
 * logarithms, four digits), `text` the numbers of its units, 0 for a pause.
 */
export function continuationLine(one: WholeHypothesis, format: ContinuationFormat): string {
  const { hypothesis, after } = one;
  const units = one.units.map(({ id }) => id);
  if (format === 'text') return `${units.join(' ')}\n`;
  const logProbabilities = one.units.map((unit) => fourDigits(unit.logProbability));
  return `${JSON.stringify({ hypothesis, after, units, logProbabilities })}\n`;
}
