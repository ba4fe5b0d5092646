import { concat, concatMap, defer, finalize, from, map, of, switchMap, toArray } from 'rxjs';
import type { Observable, OperatorFunction } from 'rxjs';
import type { SpeechEvent } from '../core/types.ts';
import type { WholeHypothesis } from '../formats/continuationLine.ts';
import type { UnitLm } from '../models/lm/unitLm.ts';

/** Whenever a person pauses, and at the end, what comes next; undefined when they speak on: what was said before is overtaken. */
export function nextAtPauses(
  lm: UnitLm,
  seconds: number,
): OperatorFunction<SpeechEvent, WholeHypothesis | undefined> {
  return function nextAtPausesOperator(source) {
    return defer(() => {
      const session = lm.open();
      let after = -1;
      let speaks = false;

      function draw(): Observable<WholeHypothesis> {
        const call = new AbortController();
        return from(session.continue({ seconds }, call.signal)).pipe(
          toArray(),
          map((units) => ({ hypothesis: 0, after, units })),
          finalize(() => call.abort()),
        );
      }

      /** What follows an event: a continuation, or silence where somebody speaks. */
      function turn(event: SpeechEvent | 'end'): ('draw' | 'hush')[] {
        if (event === 'end') return speaks ? ['draw'] : [];
        if (event.type !== 'unit') return [];
        const { pause, index } = event.unit;
        if (pause && !speaks && after >= 0) return []; // the model takes a run of pauses as one
        session.push(event.unit);
        after = index;
        const stops = speaks && pause;
        speaks = !pause;
        if (speaks) return ['hush'];
        return stops ? ['draw'] : [];
      }

      return concat(source, of('end' as const)).pipe(
        concatMap(turn),
        switchMap((act) => (act === 'draw' ? draw() : of(undefined))),
        finalize(() => session.close()),
      );
    });
  };
}
