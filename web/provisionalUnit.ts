import type { Unit } from '../src/core/types.ts';

/** A stretch of the tail that may still change. */
export type ProvisionalUnit = Pick<Unit, 'id' | 'start' | 'end' | 'pause'>;
