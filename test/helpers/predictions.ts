import type { Models } from '../../src/models/loadModels.ts';
import type { ContinuationOptions, HistoryUnit } from '../../src/models/lm/unitLm.ts';
import type { WirePredictedUnit, ServerMessage } from '../../src/protocol/index.ts';
import type { PredictedUnit } from '../../src/core/types.ts';

/** What the language model itself predicts after these units, without a server. */
export async function predictedAfter(
  models: Models,
  units: readonly HistoryUnit[],
  options: ContinuationOptions,
): Promise<PredictedUnit[]> {
  const session = models.lm!.open();
  for (const unit of units) session.push(unit);
  const predicted: PredictedUnit[] = [];
  for await (const unit of session.continue(options)) predicted.push(unit);
  session.close();
  return predicted;
}

/** The predicted units of a request that came over the wire, all or after one unit. */
export function predictedFor(
  received: readonly ServerMessage[],
  id: string | number,
  after?: number,
): PredictedUnit[] {
  return received
    .filter((each): each is WirePredictedUnit => each.t === 'g' && each.id === id)
    .filter((each) => after === undefined || each.after === after)
    .map(({ j, k, unit, lp }) => ({ hypothesis: j, place: k, id: unit, logProbability: lp! }));
}
