import type { UnitLmSession } from '../../src/models/lm/unitLm.ts';
import type { ContinueRequest } from '../../src/protocol/index.ts';
import type { ContinuationEnd, PredictedUnit } from '../../src/core/types.ts';

/** What a continuation tells; nothing after `stop()`, and nothing after `onEnd` or `onError`. */
export interface ContinuationListener {
  readonly onUnit: (unit: PredictedUnit) => void;
  readonly onEnd: (reason: ContinuationEnd) => void;
  readonly onError: (error: unknown) => void;
  /** Called once, when the model works on it no more. */
  readonly onReleased: () => void;
}

/** A continuation under way. */
export interface RunningContinuation {
  /** Calls it off; the model leaves it within one step. */
  stop(): void;
}

/** Starts a continuation upon a history as it is now; throws `RangeError` or `TypeError` for a request out of range. */
export function startContinuation(
  history: UnitLmSession,
  gen: ContinueRequest,
  listener: ContinuationListener,
): RunningContinuation {
  const { onUnit, onEnd, onError, onReleased } = listener;
  const {
    max: units,
    n,
    seconds,
    temp: temperature,
    top_k: topK,
    top_p: topP,
    penalty,
    seed,
  } = gen;
  const stop = new AbortController();
  const options = { n, units, seconds, temperature, topK, topP, penalty, seed };
  const predicted = history.continue(options, stop.signal);

  async function run(): Promise<void> {
    for (;;) {
      const { done, value } = await predicted.next();
      if (stop.signal.aborted) return;
      if (done) return onEnd(value);
      onUnit(value);
    }
  }

  void run()
    .catch((error: unknown) => {
      if (!stop.signal.aborted) onError(error);
    })
    .finally(onReleased);
  return { stop: () => stop.abort() };
}
