import type { LabelOf } from '../src/formats/unitFormatter.ts';
import { LABELS_PATH } from '../src/protocol/index.ts';

interface Labels {
  readonly sha256: string;
  readonly units: readonly (string | null)[];
  readonly fine: readonly (string | null)[];
}

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
    const { sha256, units, fine } = (await response.json()) as Labels;
    if (sha256 !== bundle || units.length === 0) return undefined;
    return ({ id, fine: number = 0, pause }) =>
      pause ? undefined : (fine[number - 1] ?? units[id - 1] ?? undefined);
  } catch {
    return undefined; // nobody answers, or with something else: numbers will do
  }
}
