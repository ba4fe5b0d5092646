import { uniform } from './uniform.ts';

/** How units are drawn; the ranges are those of `ContinuationOptions`. */
export interface Sampling {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly penalty: number;
  readonly seed: number;
}

/** One draw: the settings, and whose it is. */
export interface Draw extends Sampling {
  readonly hypothesis: number;
  readonly place: number;
  /** Ids that may not come here. */
  readonly banned: readonly number[];
  /** Ids that the penalty falls on, each once. */
  readonly penalised: readonly number[];
}

/** What was drawn. */
export interface Drawn {
  readonly id: number;
  /** Natural logarithm of the model's own probability of it. */
  readonly logProbability: number;
}

/**
 * Draws the next unit from logits `[vocabulary]`: bans, penalty, temperature, then of the topK most probable the fewest
 * that hold topP of what these hold together. Ties go to the lower id. Temperature 0 takes the most probable.
 */
export function drawUnit(logits: Float32Array, draw: Draw): Drawn {
  const adjusted = Float64Array.from(logits);
  for (const id of draw.penalised)
    adjusted[id] *= adjusted[id] > 0 ? 1 / draw.penalty : draw.penalty;
  for (const id of draw.banned) adjusted[id] = -Infinity;
  const best = mostProbable(adjusted);
  const id = draw.temperature === 0 ? best : pick(adjusted, best, draw);
  return { id, logProbability: logProbability(logits, id) };
}

/** The natural logarithm of the probability that logits give an id. */
export function logProbability(logits: Float32Array, id: number): number {
  const top = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - top);
  return logits[id] - top - Math.log(sum);
}

function mostProbable(values: Float64Array): number {
  let best = 0;
  for (let id = 1; id < values.length; id++) if (values[id] > values[best]) best = id;
  return best;
}

function pick(adjusted: Float64Array, best: number, draw: Draw): number {
  const weights = adjusted.map((value) => Math.exp((value - adjusted[best]) / draw.temperature));
  const { least, ties } = nucleus(weights, draw);
  let left = ties;
  const kept = weights.map((weight) => {
    if (weight > least) return weight;
    return weight === least && left-- > 0 ? weight : 0;
  });
  let rest = uniform(draw.seed, draw.hypothesis, draw.place) * kept.reduce((a, b) => a + b, 0);
  for (let id = 0; id < kept.length; id++) {
    rest -= kept[id];
    if (rest < 0) return id;
  }
  return best; // only rounding comes here
}

/** The smallest weight that is still drawn from, and how many of just that weight are. */
function nucleus(weights: Float64Array, { topK, topP }: Draw): { least: number; ties: number } {
  const sorted = weights.toSorted();
  const count = Math.min(topK, sorted.length);
  const most = sorted.subarray(sorted.length - count).toReversed();
  const wanted = topP * most.reduce((a, b) => a + b, 0);
  let kept = 1;
  for (let held = most[0]; held < wanted && kept < count; kept++) held += most[kept];
  const least = most[kept - 1];
  return { least, ties: kept - most.indexOf(least) };
}
