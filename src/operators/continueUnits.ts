import { checkChoice } from '../core/check.ts';
import {
  concat,
  connect,
  defer,
  endWith,
  filter,
  finalize,
  from,
  ignoreElements,
  map,
  merge,
  type Observable,
  type ObservableInput,
  of,
  type OperatorFunction,
  switchMap,
  takeUntil,
} from 'rxjs';
import { createContinuer, type ContinuationRun } from '../models/lm/continuer.ts';
import { planContinuation } from '../models/lm/continuationOptions.ts';
import type { ContinuationOptions, HistoryUnit } from '../models/lm/unitLm.ts';
import type { Continuation, PredictedUnit, Rate, SpeechEvent } from '../core/types.ts';

/** What `continueUnits()` needs of a language model; a `UnitLm` is one. */
export interface ContinuationModel {
  knows(rate: Rate): boolean;
  open(): {
    push(unit: HistoryUnit): void;
    continue(options: ContinuationOptions, signal: AbortSignal): ObservableInput<PredictedUnit>;
    close(): void;
  };
}

/** Asks for one continuation; its options go before those of the operator. */
export interface ContinuationRequest extends ContinuationOptions {
  /** Comes back in the events of this continuation. */
  readonly id?: string | number | undefined;
}

/** Options of `continueUnits()`. */
export interface ContinueUnitsOptions extends ContinuationOptions {
  /** When a continuation begins: after every final `unit` (default), every `flush`, or for every `request` of `requests$`. */
  readonly on?: 'unit' | 'flush' | 'request' | undefined;
  /** The rate of the units; default `natural`. A function is asked at every unit and request, for streams whose dial turns. */
  readonly rate?: Rate | (() => Rate) | undefined;
  /** With `on: 'request'`: what asks. It is listened to until the source completes. */
  readonly requests$?: Observable<ContinuationRequest> | undefined;
}

/**
 * Adds to the units of a stream what a language model predicts next.
 *
 * Keeps, per subscription, one session of the model. Every event passes through at once and unchanged; `predicted` events
 * follow, and one `continued` for every continuation: `done`; `superseded`, when a newer unit (or the next request) overtook it,
 * which stops it within one step; `unsupported`, where `lm` is undefined or does not know the stream's rate. While the rate is
 * another one the model hears nothing, and begins its history anew when the rate comes back. After the source's completion the
 * last continuation is still finished.
 *
 * `switchMap`, because the newest unit wins.
 *
 * Units must be unmerged (`merge: false`, the default of `speechUnits()`). Options: `on`, `rate`, `requests$` and those of
 * `ContinuationOptions` (1 s of one continuation unless they say otherwise).
 *
 * Throws `RangeError` or `TypeError` at once for an option out of range. Errors: those of the source,
 * `SYLSTREAM_ERR_LM`, `SYLSTREAM_ERR_WORKER`, `SYLSTREAM_ERR_CLOSED`; `RangeError` for a request out of range.
 *
 * ```ts
 * const models = await loadModels();
 * speechUnits(fromMicrophone(), models)
 *   .pipe(continueUnits(models.lm, { on: 'flush', seconds: 2, n: 4, seed: 1 }))
 *   .subscribe((event) => {
 *     if (event.type === 'predicted') console.log(event.unit.hypothesis, event.unit.id);
 *   });
 * ```
 */
export function continueUnits(
  lm: ContinuationModel | undefined,
  options: ContinueUnitsOptions = {},
): OperatorFunction<SpeechEvent, SpeechEvent | Continuation> {
  const { on = 'unit', requests$ } = options;
  checkContinueOptions(options);
  const begins = ({ type }: SpeechEvent): boolean =>
    (type === 'unit' && on === 'unit') || (type === 'flushed' && on === 'flush');
  return function continueUnitsOperator(source) {
    return defer(() => {
      const answers = createAnswers(lm, options);
      return source.pipe(
        connect((events$) => {
          const over$ = events$.pipe(ignoreElements(), endWith(true));
          const asked$ = requests$ ? requests$.pipe(takeUntil(over$)) : [];
          const told$ = events$.pipe(filter((event) => event.type === 'unit' || begins(event)));
          const continued$ = merge(
            told$.pipe(map((event) => () => answers.after(event, begins(event)))),
            from(asked$).pipe(map((request) => () => answers.on(request))),
          ).pipe(switchMap((answer) => answer()));
          return merge(events$, continued$);
        }),
        finalize(() => answers.release()),
      );
    });
  };
}

type Session = ReturnType<ContinuationModel['open']>;
type Run = ContinuationRun<'newest', Session>;

/** The continuer of one subscription: one continuation is under way at most. */
function createAnswers(lm: ContinuationModel | undefined, options: ContinueUnitsOptions) {
  const { rate = 'natural' } = options;
  const rateNow = (): Rate => (typeof rate === 'function' ? rate() : rate);
  const continuer = createContinuer<'newest', Session>(lm, rateNow());
  /** What the request under way was called. */
  let request: { readonly request?: string | number } = {};

  /** The end of the continuation that is overtaken, if there is one. */
  const overtake = (): Continuation[] =>
    continuer
      .cancel('newest', 'superseded')
      .map(({ after, reason }) => ({ type: 'continued', ...request, after, reason }));

  function begin({ id, ...own }: ContinuationRequest): Observable<Continuation> {
    const ended = overtake();
    request = id === undefined ? {} : { request: id };
    continuer.turn(rateNow(), 0);
    const run = continuer.ask('newest');
    if (run) return concat(ended, continuation(run, own, request));
    const { last: after } = continuer;
    return from<Continuation[]>([
      ...ended,
      { type: 'continued', ...request, after, reason: 'unsupported' },
    ]);
  }

  function continuation(
    run: Run,
    own: ContinuationOptions,
    called: typeof request,
  ): Observable<Continuation> {
    const about = { ...called, after: run.after };
    return concat(
      defer(() => from(run.history.continue({ ...options, ...own }, run.signal))).pipe(
        map((unit): Continuation => ({ type: 'predicted', ...about, unit })),
        finalize(() => run.stop()),
      ),
      defer(() => {
        continuer.over(run);
        return of<Continuation>({ type: 'continued', ...about, reason: 'done' });
      }),
    );
  }

  return {
    /** What follows a unit, or an event that begins a continuation. */
    after: (event: SpeechEvent, begins: boolean): ObservableInput<Continuation> => {
      if (event.type !== 'unit') return begin({});
      const ended = overtake();
      continuer.turn(rateNow(), event.unit.start);
      continuer.prepare();
      continuer.push(event.unit);
      return begins ? concat(ended, begin({})) : ended;
    },
    on: begin,
    release: () => continuer.release(),
  };
}

/** Refuses what `continueUnits()` cannot be asked for. @throws RangeError or TypeError */
export function checkContinueOptions(options: ContinueUnitsOptions): void {
  const { on = 'unit', requests$ } = options;
  checkChoice('on', on, ['unit', 'flush', 'request']);
  if ((on === 'request') !== (requests$ !== undefined)) {
    throw new TypeError('requests$ must be given with on: "request", and only then');
  }
  planContinuation(options);
}
