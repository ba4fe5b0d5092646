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
  const adjusted = new Float64Array(logits);
  for (const id of draw.penalised)
    adjusted[id] *= adjusted[id] > 0 ? 1 / draw.penalty : draw.penalty;
  for (const id of draw.banned) adjusted[id] = -Infinity;
  const best = mostProbable(adjusted);
  const id = draw.temperature === 0 ? best : pick(adjusted, best, draw);
  return { id, logProbability: logProbability(logits, id) };
}

/** The natural logarithm of the probability that logits give an id. */
export function logProbability(logits: Float32Array, id: number): number {
  const top = logits[mostProbable(logits)];
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i] - top);
  return logits[id] - top - Math.log(sum);
}

function mostProbable(values: Float32Array | Float64Array): number {
  let best = 0;
  for (let id = 1; id < values.length; id++) if (values[id] > values[best]) best = id;
  return best;
}

// Plain loops below: this runs for every unit of every hypothesis, and array methods cost twice as much.

function pick(adjusted: Float64Array, best: number, draw: Draw): number {
  const top = adjusted[best];
  const weights = adjusted; // no longer needed
  for (let id = 0; id < weights.length; id++) {
    weights[id] = Math.exp((weights[id] - top) / draw.temperature);
  }
  const { least, ties } = nucleus(weights, draw);
  let held = 0;
  for (let id = 0, left = ties; id < weights.length; id++) {
    if (weights[id] < least || (weights[id] === least && left-- <= 0)) weights[id] = 0;
    held += weights[id];
  }
  let rest = uniform(draw.seed, draw.hypothesis, draw.place) * held;
  for (let id = 0; id < weights.length; id++) {
    rest -= weights[id];
    if (rest < 0) return id;
  }
  return best; // only rounding comes here
}

/** The smallest weight that is still drawn from, and how many of just that weight are. */
function nucleus(weights: Float64Array, { topK, topP }: Draw): { least: number; ties: number } {
  const sorted = weights.slice().sort();
  const last = sorted.length - 1;
  const count = Math.min(topK, sorted.length);
  let total = 0;
  for (let i = 0; i < count; i++) total += sorted[last - i];
  let kept = 1;
  for (let held = sorted[last]; held < topP * total && kept < count; kept++) {
    held += sorted[last - kept];
  }
  const least = sorted[last - kept + 1];
  let ties = 1;
  while (ties < kept && sorted[last - kept + 1 + ties] === least) ties++;
  return { least, ties };
}
