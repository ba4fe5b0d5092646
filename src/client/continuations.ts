import { Observable } from 'rxjs';
import type { ContinueRequest, Say } from '../protocol/index.ts';
import type { ContinuationEvent, StreamEvent } from './events.ts';
import { given } from './given.ts';
import { iterate } from './iterate.ts';

/** What to ask for, and when. */
export interface ContinueOptions {
  /** One continuation `now` (default), or one after every final `unit` or every `flush` for as long as it is listened to. */
  readonly on?: 'now' | 'unit' | 'flush';
  /** Units of each hypothesis at most, 1 to 300. */
  readonly units?: number;
  /** Length of each hypothesis at most, above 0 to 120 seconds; default 1 where `units` is not given. */
  readonly seconds?: number;
  /** Hypotheses side by side, 1 to 16; default 1. */
  readonly n?: number;
  /** 0 to 10; default 1. 0 takes the likeliest unit every time. */
  readonly temperature?: number;
  /** Draws from the k likeliest only; default 25. */
  readonly topK?: number;
  /** Draws from the fewest likeliest that hold this share, 0 to 1; default 0.9. */
  readonly topP?: number;
  /** Repetition penalty, 0.1 to 10; default 1, none. */
  readonly penalty?: number;
  /** Same seed, same answer; default 0. */
  readonly seed?: number;
}

/**
 * Continuations of a stream. Those that a newer unit overtakes end as `superseded`. Completes with the last
 * `continued`; fails with a `PipelineError` when the server does not do it (`SYLSTREAM_ERR_RATE_LIMITED`,
 * `SYLSTREAM_ERR_OPTION`), and as the stream itself does. Who stops listening cancels.
 */
export interface Continuations extends AsyncIterable<ContinuationEvent> {
  readonly events$: Observable<ContinuationEvent>;
}

/** Units of a continuation whose length is given in seconds. */
const MOST_UNITS = 300;

/** What a continuation needs of its stream. */
export interface ContinuedStream {
  readonly events$: Observable<StreamEvent>;
  ask(request: Omit<ContinueRequest, 't'>): void;
  cancel(id: string): void;
}

/** Makes continuations of a stream; nothing is asked for before somebody listens. */
export function createContinuations(
  stream: ContinuedStream,
  options: ContinueOptions,
  newId: () => string,
): Continuations {
  const events$ = new Observable<ContinuationEvent>((subscriber) => {
    const id = newId();
    let isOver = false;
    const subscription = stream.events$.subscribe({
      next(event) {
        if (event.type === 'warning' && event.ref === id) {
          isOver = true;
          subscriber.error(event.error);
        }
        if ((event.type !== 'predicted' && event.type !== 'continued') || event.request !== id)
          return;
        isOver = event.type === 'continued' && !event.more;
        subscriber.next(event);
        if (isOver) subscriber.complete();
      },
      error: (error) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
    if (subscriber.closed) return; // the stream is over
    stream.ask({ ...toRequest(options), id });
    return () => {
      subscription.unsubscribe();
      if (!isOver) stream.cancel(id);
    };
  });
  return {
    events$,
    [Symbol.asyncIterator]: () => iterate(events$, () => undefined),
  };
}

function toRequest(options: ContinueOptions): Omit<ContinueRequest, 't' | 'id'> {
  const { on, n } = options;
  return { ...toGen(options), ...given({ on, n }) };
}

/** How a continuation is drawn, as it travels. */
export function toGen(options: Omit<ContinueOptions, 'on' | 'n'>): NonNullable<Say['gen']> & {
  readonly max: number;
} {
  const { units, seconds = units === undefined ? 1 : undefined, seed, penalty } = options;
  const { temperature: temp, topK: top_k, topP: top_p } = options;
  const all = { seconds, temp, top_k, top_p, penalty, seed };
  return { max: units ?? MOST_UNITS, ...given(all) };
}
