import type { Observable } from 'rxjs';
import type { ContinuationEvent, UnitStream } from '../src/client/index.ts';

/** What the page uses of a stream, wherever it runs. */
export interface PageStream extends Pick<
  UnitStream,
  'events$' | 'write' | 'flush' | 'setRate' | 'end' | 'close'
> {
  continuations(options: {
    readonly on: 'now' | 'unit';
    readonly seconds: number;
    readonly temperature: number;
  }): { readonly events$: Observable<ContinuationEvent> };
}
