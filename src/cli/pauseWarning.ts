import { defer, type MonoTypeOperatorFunction, tap } from 'rxjs';
import type { SpeechEvent } from '../core/types.ts';
import { createPauseWatch } from '../segments/pauseWatch.ts';
import { reportWarning } from './report.ts';

/** Says on standard error when nothing but pauses comes of a recording; `about` is its name. */
export function warnOfPauses(about: string): MonoTypeOperatorFunction<SpeechEvent> {
  return function warnOfPausesOperator(events$) {
    return defer(() => {
      const pauses = createPauseWatch((warning) => reportWarning(warning, about));
      return events$.pipe(
        tap({
          next: (event) => void (event.type === 'unit' && pauses.unit(event.unit)),
          complete: () => pauses.end(),
        }),
      );
    });
  };
}
