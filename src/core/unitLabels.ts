import type { Unit } from './types.ts';

/** What units are called where there is room for one word; null where nothing is known. */
export interface UnitLabels {
  /** Of unit i at i − 1. */
  readonly units: readonly (string | null)[];
  /** Of the finer name k at k − 1; where it is null the unit's holds. */
  readonly fine: readonly (string | null)[];
}

/** The label of a unit, by its finer name where that has one; undefined for a pause and where nothing is known. */
export function labelIn(
  { units, fine }: UnitLabels,
  { id, fine: number = 0, pause }: Pick<Unit, 'id' | 'fine' | 'pause'>,
): string | undefined {
  return pause ? undefined : (fine[number - 1] ?? units[id - 1] ?? undefined);
}
