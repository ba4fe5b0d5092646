import type { Unit } from '../core/types.ts';

/**
 * Joins a pause to the pause before it: the segmenter cuts a long silence every second or so, for a person it is one.
 * The joined unit keeps the first one's index and start; end and decision are the last one's,
 * the vector the mean of both, weighted by their length. Undefined where the two are not both pauses.
 */
export function joinPauses(last: Unit | undefined, next: Unit): Unit | undefined {
  if (last?.pause !== true || !next.pause) return undefined;
  const { end, decided, forced } = next;
  const share = (end - next.start) / (end - last.start);
  const [from, to] = [last.vector, next.vector];
  const vector = from && to && from.map((x, d) => x + share * (to[d] - x));
  return { ...last, end, decided, forced, ...(vector && { vector }) };
}
