import type { UnitScore } from '../models/lm/unitLm.ts';
import { fourDigits } from './fourDigits.ts';

/** A recording as the language model sees it. */
export interface ScoredRecording {
  readonly file: string;
  /** Ids, 0 = pause. */
  readonly units: readonly number[];
  readonly score: UnitScore;
}

/**
 * Writes how likely a recording is as one line of JSON, in natural logarithms of four digits: `units` (how many are no
 * pauses), `mean` (over those: the score of the zero-shot tests; null without any), `logProbability` (of all units and pauses
 * and the end), `end`; with `each` also the `ids` and the `logProbabilities` of them one by one.
 */
export function scoreLine({ file, units, score }: ScoredRecording, each: boolean): string {
  const { logProbabilities, end } = score;
  const spoken = logProbabilities.filter((_, i) => units[i] !== 0);
  const line = {
    file,
    units: spoken.length,
    mean: spoken.length === 0 ? null : fourDigits(sum(spoken) / spoken.length),
    logProbability: fourDigits(sum(logProbabilities) + end),
    end: fourDigits(end),
    ...(each && { ids: units, logProbabilities: Array.from(logProbabilities, fourDigits) }),
  };
  return `${JSON.stringify(line)}\n`;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
