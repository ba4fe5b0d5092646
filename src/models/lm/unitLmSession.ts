import { checkNumber, whole } from '../../core/check.ts';
import { PipelineError } from '../../core/errors.ts';
import type { PredictedUnit } from '../../core/types.ts';
import type { CacheShape } from '../inference/cacheArena.ts';
import { planContinuation, type ContinuationPlan } from './continuationOptions.ts';
import { createHistory } from './history.ts';
import { openHypothesis, type Hypothesis } from './hypothesis.ts';
import type { LmPool } from './lmPool.ts';
import { createStreamPace } from './streamPace.ts';
import type { UnitLmSession } from './unitLm.ts';

/** What a session is opened with. */
export interface SessionModel {
  readonly pool: LmPool;
  readonly cache: CacheShape;
  /** M: units are 0 to M, the boundary id is M + 1. */
  readonly merged: number;
  /** Units a second of speech at the model's rate. */
  readonly hz: number;
}

type Ending = 'done' | 'cancelled' | 'superseded';

/** Opens a session: a history, and continuations that go on from it. See `UnitLmSession`. */
export function openUnitLmSession(model: SessionModel): UnitLmSession {
  const { pool, cache, merged, hz } = model;
  const boundary = merged + 1;
  const ids = whole(0, merged);
  const history = createHistory(pool, cache, boundary);
  const pace = createStreamPace(hz);
  /** Hypotheses under way. Released, their waiting steps are dropped and what runs is not waited for. */
  const open = new Set<Hypothesis>();
  let pushes = 0;
  let rests = 0;
  let closed = false;

  function release(some: Iterable<Hypothesis>): void {
    for (const one of some) {
      one.release();
      open.delete(one);
    }
  }

  async function* continueFrom(
    plan: ContinuationPlan,
    [asOf, restsBefore]: readonly [pushes: number, rests: number],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<PredictedUnit, Ending, void> {
    const overtaken = (): Ending | undefined => {
      if (closed || rests !== restsBefore || signal?.aborted) return 'cancelled';
      return pushes === asOf ? undefined : 'superseded';
    };
    const { last } = history;
    const hypotheses = Array.from({ length: plan.n }, (_, number) =>
      openHypothesis({ pool, cache, boundary, history, plan, pace, number, last }),
    );
    for (const one of hypotheses) open.add(one);
    const abort = (): void => release(hypotheses);
    signal?.addEventListener('abort', abort);
    try {
      for (let going = hypotheses, place = 0; going.length > 0; place++) {
        const ended = overtaken();
        if (ended) return ended;
        const drawn =
          place === 0
            ? await history.draw(going.map((one) => one.nextDraw()))
            : await Promise.all(going.map((one) => one.step()));
        for (const [i, one] of going.entries()) {
          const late = overtaken();
          if (late) return late;
          const unit = one.take(drawn[i]);
          if (unit) yield unit;
        }
        going = going.filter((one) => !one.ended);
      }
      return 'done';
    } catch (error) {
      // What was called off may fail as its step is dropped; that is nobody's concern any more.
      const ended = overtaken();
      if (ended) return ended;
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
      release(hypotheses);
    }
  }

  return {
    push: (unit) => {
      if (closed) throw closedError();
      const { id } = unit;
      checkNumber("a unit's id", id, ids);
      pushes++;
      release(open);
      pace.add(unit);
      if (id !== 0 || history.last !== 0) history.push(id);
    },
    continue: (options, signal) => {
      const plan = planContinuation(options);
      if (closed) throw closedError();
      return continueFrom(plan, [pushes, rests], signal);
    },
    rest: () => {
      rests++;
      release(open);
      history.rest();
    },
    close: () => {
      closed = true;
      release(open);
      history.release();
    },
  };
}

function closedError(): PipelineError {
  return new PipelineError('SYLSTREAM_ERR_CLOSED', 'the session was closed; open another');
}
