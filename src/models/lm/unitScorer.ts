import { checkEach, whole } from '../../core/check.ts';
import type { CacheShape } from '../inference/cacheArena.ts';
import { CHUNK_UNITS, historyBytes } from './lmMemory.ts';
import type { LmPool } from './lmPool.ts';
import type { UnitScore } from './unitLm.ts';

/** Scores sequences; see `UnitLm.score`. */
export type UnitScorer = (units: readonly number[]) => Promise<UnitScore>;

/** A place where one sequence at a time is scored. */
type Place = (inputs: readonly number[], targets: readonly number[]) => Promise<number[]>;

/**
 * Makes a scorer that works on at most `places` sequences at a time; the others wait. A place keeps its memory, so that
 * thousands of sequences need no more than `places` histories.
 *
 * @param boundary the id before the first unit and after the last
 */
export function createUnitScorer(
  pool: LmPool,
  cache: CacheShape,
  { boundary, places }: { readonly boundary: number; readonly places: number },
): UnitScorer {
  const ids = whole(0, boundary - 1);
  const free: Place[] = [];
  const waiting: ((place: Place) => void)[] = [];
  let opened = 0;

  function takePlace(): Promise<Place> {
    const place = free.pop() ?? (opened++ < places ? openPlace(pool, cache) : undefined);
    return place ? Promise.resolve(place) : new Promise((resolve) => waiting.push(resolve));
  }

  function givePlace(place: Place): void {
    const next = waiting.shift();
    if (next) next(place);
    else free.push(place);
  }

  return async (units) => {
    checkEach('units', units, ids);
    const kept = units.map((id, i) => id !== 0 || units[i - 1] !== 0);
    const targets = [...units.filter((_, i) => kept[i]), boundary];
    const place = await takePlace();
    try {
      const scored = await place([boundary, ...targets.slice(0, -1)], targets);
      let at = 0;
      const logProbabilities = Float64Array.from(kept, (own) => (own ? scored[at++] : 0));
      return { logProbabilities, end: scored[at] };
    } finally {
      givePlace(place);
    }
  };
}

/** Runs sequences one after the other, chunk by chunk, over one memory: each begins at position 0, before which nothing is seen. */
function openPlace(pool: LmPool, cache: CacheShape): Place {
  const slot = pool.open();
  const { memory } = pool.memories.take(historyBytes(cache));
  return async (inputs, targets) => {
    const scored: number[] = [];
    for (let first = 0; first < inputs.length; first += CHUNK_UNITS) {
      const answer = await slot.run({
        sequence: slot.stream,
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
