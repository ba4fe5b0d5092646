import type { ContinuationRun } from '../../src/models/lm/continuer.ts';
import type { UnitLmSession } from '../../src/models/lm/unitLm.ts';
import type { ContinueRequest, WireId } from '../../src/protocol/index.ts';
import type { ContinuationEnd, PredictedUnit } from '../../src/core/types.ts';

/** What a continuation tells; nothing after its signal, and nothing after `onEnd` or `onError`. */
export interface ContinuationListener {
  readonly onUnit: (unit: PredictedUnit) => void;
  readonly onEnd: (reason: ContinuationEnd) => void;
  readonly onError: (error: unknown) => void;
  /** Called once, when the model works on it no more. */
  readonly onReleased: () => void;
}

/** Runs a continuation until its signal; throws `RangeError` or `TypeError` for a request out of range. */
export function runContinuation(
  { history, signal }: ContinuationRun<WireId, UnitLmSession>,
  gen: ContinueRequest,
  listener: ContinuationListener,
): void {
  const { onUnit, onEnd, onError, onReleased } = listener;
  const { n, seconds, penalty, seed } = gen;
  const { max: units, temp: temperature, top_k: topK, top_p: topP } = gen;
  const options = { n, units, seconds, temperature, topK, topP, penalty, seed };
  const predicted = history.continue(options, signal);

  async function run(): Promise<void> {
    for (;;) {
      const { done, value } = await predicted.next();
      if (signal.aborted) return;
      if (done) return onEnd(value);
      onUnit(value);
    }
  }

  void run()
    .catch((error: unknown) => {
      if (!signal.aborted) onError(error);
    })
    .finally(onReleased);
}
