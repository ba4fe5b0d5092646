import { filter, map, type OperatorFunction, pipe, toArray } from 'rxjs';
import type { SpeechEvent, Unit } from '../core/types.ts';

/** Waits for a stream's end and emits all its final units at once, in order. Errors: those of the source. */
export function collectUnits(): OperatorFunction<SpeechEvent, Unit[]> {
  return pipe(
    filter((event) => event.type === 'unit'),
    map((event) => event.unit),
    toArray(),
  );
}
