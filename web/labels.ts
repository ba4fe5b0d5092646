import { labelIn, type UnitLabels } from '../src/core/unitLabels.ts';
import type { LabelOf } from '../src/formats/unitFormatter.ts';
import { LABELS_PATH } from '../src/protocol/index.ts';

/**
 * Fetches what the units of a bundle stand for; undefined where the server does not say, or says it of another bundle, as it may
 * behind a balancer: units then show their numbers.
 */
export async function fetchLabels(
  bundle: string,
  token: string | undefined,
): Promise<LabelOf | undefined> {
  const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` };
  try {
    const response = await fetch(LABELS_PATH, { headers });
    if (!response.ok) return undefined;
    const labels = (await response.json()) as UnitLabels & { readonly sha256: string };
    if (labels.sha256 !== bundle || labels.units.length === 0) return undefined;
    return (unit) => labelIn(labels, unit);
  } catch {
    return undefined; // nobody answers, or with something else: numbers will do
  }
}
