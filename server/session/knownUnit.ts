import type { Unit } from '../../src/core/types.ts';

/** What of a unit the language model reads. */
export type KnownUnit = Pick<Unit, 'id' | 'start' | 'end'>;
