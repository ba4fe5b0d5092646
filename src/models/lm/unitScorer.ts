import type { CacheShape } from '../inference/cacheArena.ts';
import { CHUNK_UNITS, historyBytes } from './lmMemory.ts';
import type { LmPool } from './lmPool.ts';
import type { UnitScore } from './unitLm.ts';

/** Scores sequences; see `UnitLm.score`. */
export type UnitScorer = (units: readonly number[]) => Promise<UnitScore>;

/** A place where one sequence at a time is scored. */
type Lane = (inputs: readonly number[], targets: readonly number[]) => Promise<number[]>;

/**
 * Makes a scorer that works on at most `lanes` sequences at a time; the others wait. A lane keeps its memory, so that
 * thousands of sequences need no more than `lanes` histories.
 *
 * @param boundary the id before the first unit and after the last
 */
export function createUnitScorer(
  pool: LmPool,
  cache: CacheShape,
  { boundary, lanes }: { readonly boundary: number; readonly lanes: number },
): UnitScorer {
  const free: Lane[] = [];
  const waiting: ((lane: Lane) => void)[] = [];
  let opened = 0;

  function takeLane(): Promise<Lane> {
    const lane = free.pop() ?? (opened++ < lanes ? openLane(pool, cache) : undefined);
    return lane ? Promise.resolve(lane) : new Promise((resolve) => waiting.push(resolve));
  }

  function giveLane(lane: Lane): void {
    const next = waiting.shift();
    if (next) next(lane);
    else free.push(lane);
  }

  return async (units) => {
    checkUnits(units, boundary);
    const kept = units.map((id, i) => id !== 0 || units[i - 1] !== 0);
    const targets = [...units.filter((_, i) => kept[i]), boundary];
    const lane = await takeLane();
    try {
      const scored = await lane([boundary, ...targets.slice(0, -1)], targets);
      let at = 0;
      const logProbabilities = Float64Array.from(kept, (own) => (own ? scored[at++] : 0));
      return { logProbabilities, end: scored[at] };
    } finally {
      giveLane(lane);
    }
  };
}

/** Runs sequences one after the other, chunk by chunk, over one memory: each begins at position 0, before which nothing is seen. */
function openLane(pool: LmPool, cache: CacheShape): Lane {
  const slot = pool.open();
  const { memory } = pool.memories.take(historyBytes(cache));
  return async (inputs, targets) => {
    const scored: number[] = [];
    for (let first = 0; first < inputs.length; first += CHUNK_UNITS) {
      const answer = await slot.run({
        strand: slot.stream,
        memory,
        first,
        start: 0,
        units: inputs.slice(first, first + CHUNK_UNITS),
        draws: [],
        targets: targets.slice(first, first + CHUNK_UNITS),
      });
      scored.push(...answer.scored);
    }
    return scored;
  };
}

function checkUnits(units: readonly number[], boundary: number): void {
  const wrong = units.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= boundary);
  if (wrong === -1) return;
  throw new RangeError(
    `units must be whole numbers from 0 to ${boundary - 1}, got ${units[wrong]} at ${wrong}`,
  );
}
