import type { LabelOf } from '../src/formats/unitFormatter.ts';
import { LABELS_PATH } from '../src/protocol/index.ts';

interface Labels {
  readonly units: readonly (string | null)[];
  readonly fine: readonly (string | null)[];
}

/** Fetches what units stand for; undefined where the server does not say: units then show their numbers. */
export async function fetchLabels(token: string | undefined): Promise<LabelOf | undefined> {
  const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(LABELS_PATH, { headers }).catch(() => undefined);
  if (response?.ok !== true) return undefined;
  const { units, fine } = (await response.json()) as Labels;
  if (units.length === 0) return undefined; // this bundle does not say
  return ({ id, fine: number = 0, pause }) =>
    pause ? undefined : (fine[number - 1] ?? units[id - 1] ?? undefined);
}
