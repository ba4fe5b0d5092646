import type { Draw, Drawn } from './drawUnit.ts';
import type { PredictedUnit } from '../../core/types.ts';
import type { CacheShape } from '../inference/cacheArena.ts';
import type { ContinuationPlan } from './continuationOptions.ts';
import type { History } from './history.ts';
import type { PoolSlot } from '../inference/inferencePool.ts';
import type { LmAnswer } from './lmMessages.ts';
import { hypothesisBytes } from './lmMemory.ts';
import type { LmJob, LmPool } from './lmPool.ts';
import type { PooledMemory } from '../inference/memoryPool.ts';
import type { StreamPace } from './streamPace.ts';

/** One of the n hypotheses that go on from a history. */
export interface Hypothesis {
  /** True once it is as long as it may be, or the model ended it. */
  readonly ended: boolean;
  /** How its next unit is drawn. */
  nextDraw(): Draw;
  /** Feeds its newest unit and draws the next. */
  step(): Promise<Drawn>;
  /** Takes what was drawn; nothing comes back when that is the end. */
  take(drawn: Drawn): PredictedUnit | undefined;
  release(): void;
}

/** What a hypothesis is opened with. */
export interface HypothesisModel {
  readonly pool: LmPool;
  readonly cache: CacheShape;
  readonly boundary: number;
  readonly history: History;
  readonly plan: ContinuationPlan;
  readonly pace: StreamPace;
  /** Which of the n. */
  readonly number: number;
  /** The history's last unit. */
  readonly last: number;
}

/** Opens a hypothesis. It takes a place in the pool and memory of its own only when it goes beyond its first unit. */
export function openHypothesis(model: HypothesisModel): Hypothesis {
  const { pool, cache, boundary, history, plan, pace, number } = model;
  const { sampling, mayEnd } = plan;
  const units: number[] = [];
  let seconds = 0;
  let ended = false;
  let opened:
    { slot: PoolSlot<LmJob, LmAnswer>; kept: PooledMemory; parent: History['parent'] } | undefined;

  function nextDraw(): Draw {
    const banned = mayEnd ? [] : [boundary];
    // A run of pauses is one: the model never saw two.
    if ((units.at(-1) ?? model.last) === 0) banned.push(0);
    const penalised = sampling.penalty === 1 ? [] : [...new Set(units)].filter((id) => id !== 0);
    return { ...sampling, hypothesis: number, place: units.length, banned, penalised };
  }

  return {
    get ended() {
      return ended;
    },
    nextDraw,
    step: async () => {
      opened ??= {
        slot: pool.open(),
        kept: pool.memories.take(hypothesisBytes(cache, plan.units)),
        parent: history.parent,
      };
      const { slot, kept, parent } = opened;
      const running = slot.run({
        sequence: slot.stream,
        memory: kept.memory,
        first: parent.length + units.length - 1,
        start: history.start,
        units: [units.at(-1)!],
        parent: { sequence: parent.sequence, memory: parent.kept.memory, length: parent.length },
        draws: [nextDraw()],
        targets: [],
      });
      // The step writes to its own memory and reads its history's.
      const answer = await kept.during(parent.kept.during(running));
      return answer.drawn[0];
    },
    take: ({ id, logProbability }) => {
      ended = id === boundary;
      if (ended) return undefined;
      units.push(id);
      seconds += pace.secondsOf(id);
      ended = units.length >= plan.units || seconds >= plan.seconds;
      return { hypothesis: number, place: units.length - 1, id, logProbability };
    },
    release: () => {
      opened?.slot.release();
      opened?.kept.release();
    },
  };
}
