import type { ContinuationEnd, Rate } from '../../core/types.ts';
import type { HistoryUnit } from './unitLm.ts';

/** A unit of the past. */
export interface PastUnit extends HistoryUnit {
  readonly start: number;
}

/** What is pushed: a final unit of the stream. */
export interface ContinuedUnit extends PastUnit {
  readonly index: number;
}

/** A continuation under way. */
export interface ContinuationRun<Id, History> {
  readonly id: Id;
  /** Index of the last unit that it knows, −1 for none. */
  readonly after: number;
  readonly history: History;
  /** Aborted when it is called off, overtaken or left. */
  readonly signal: AbortSignal;
  /** Leaves it without a word. */
  stop(): void;
}

/** How a continuation ended that did not end by itself. */
export interface EndedContinuation<Id> {
  readonly id: Id;
  readonly after: number;
  readonly reason: ContinuationEnd;
}

/** What continues one stream: its history in the model, and which continuations are under way upon it. */
export interface Continuer<Id, History> {
  /** Index of the last final unit, −1 before there is one. */
  readonly last: number;
  /** Whether the model knows the rate of the stream. */
  readonly isSupported: boolean;
  /** The model's history, once it has begun and while the rate is known. */
  readonly history: History | undefined;
  /** Begins the history now, with the units of the past that are of the model's rate. */
  prepare(): void;
  /**
   * Takes the next final unit and overtakes what is under way. Undefined where the model does not hear it, because it is
   * of another rate; then nothing is overtaken.
   */
  push(unit: ContinuedUnit): EndedContinuation<Id>[] | undefined;
  /** Begins a continuation upon what is known now; undefined where that is not supported. */
  ask(id: Id): ContinuationRun<Id, History> | undefined;
  /** Ends a continuation if it is under way. */
  cancel(id: Id, reason?: ContinuationEnd): EndedContinuation<Id>[];
  /** Ends all that are under way. */
  cancelAll(reason: ContinuationEnd): EndedContinuation<Id>[];
  /** A continuation came to its own end. */
  over(run: ContinuationRun<Id, History>): void;
  /** The dial was turned from sample `from` on: where the model does not know the rate, all ends as `unsupported`. */
  turn(rate: Rate, from: number): EndedContinuation<Id>[];
  /** Leaves all without a word and gives the history back. */
  release(): void;
}

/** What a continuer needs of a language model; a `UnitLm` is one. */
export interface ContinuerModel<History> {
  knows(rate: Rate): boolean;
  open(): History;
}

/**
 * Makes the continuer of one stream. It starts nothing itself: who asks runs the continuation upon the history, until its
 * signal says that it is no more wanted.
 *
 * @param past the stream's last final units, oldest first, for a history that begins late
 * @param begin where a stream from elsewhere begins: its last unit, and the sample from which on they are of the model's rate
 */
export function createContinuer<
  Id,
  History extends { push(unit: HistoryUnit): void; close(): void },
>(
  lm: ContinuerModel<History> | undefined,
  rate: Rate,
  past: () => readonly PastUnit[] = () => [],
  begin: { readonly knownFrom: number; readonly last: number } = { knownFrom: 0, last: -1 },
): Continuer<Id, History> {
  const runs = new Map<Id, ContinuationRun<Id, History>>();
  let history: History | undefined;
  let isSupported = lm?.knows(rate) ?? false;
  let last = begin.last;
  /** Sample from which on units are of the model's rate. */
  let { knownFrom } = begin;

  function prepare(): void {
    if (!isSupported || history !== undefined) return;
    history = lm!.open();
    for (const unit of past()) if (unit.start >= knownFrom) history.push(unit);
  }

  function forget(): void {
    history?.close();
    history = undefined;
  }

  function cancel(id: Id, reason: ContinuationEnd = 'cancelled'): EndedContinuation<Id>[] {
    const run = runs.get(id);
    if (run === undefined) return [];
    runs.delete(id);
    run.stop();
    return [{ id, after: run.after, reason }];
  }

  const cancelAll = (reason: ContinuationEnd): EndedContinuation<Id>[] =>
    [...runs.keys()].flatMap((id) => cancel(id, reason));

  return {
    get last() {
      return last;
    },
    get isSupported() {
      return isSupported;
    },
    get history() {
      return history;
    },
    prepare,
    push(unit) {
      last = unit.index;
      if (!isSupported || unit.start < knownFrom) return undefined;
      history?.push(unit);
      return cancelAll('superseded');
    },
    ask(id) {
      prepare();
      if (history === undefined) return undefined;
      const call = new AbortController();
      const { signal } = call;
      const run = { id, after: last, history, signal, stop: () => call.abort() };
      runs.set(id, run);
      return run;
    },
    cancel,
    cancelAll,
    over(run) {
      if (runs.get(run.id) === run) runs.delete(run.id);
    },
    turn(to, from) {
      const isKnown = lm?.knows(to) ?? false;
      if (isKnown && !isSupported) knownFrom = from;
      isSupported = isKnown;
      if (isKnown) return [];
      const ended = cancelAll('unsupported');
      forget();
      return ended;
    },
    release() {
      cancelAll('cancelled');
      forget();
    },
  };
}
