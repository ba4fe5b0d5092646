import { concatMap, from, lastValueFrom, type Observable, Subject, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBundle } from '../../src/models/bundle/manifest.ts';
import { createUnitLm } from '../../src/models/lm/createUnitLm.ts';
import type { ContinuationOptions, HistoryUnit, UnitLm } from '../../src/models/lm/unitLm.ts';
import {
  type ContinuationModel,
  type ContinuationRequest,
  continueUnits,
  type ContinueUnitsOptions,
} from '../../src/operators/continueUnits.ts';
import type { Continuation, PredictedUnit, SpeechEvent, Unit } from '../../src/core/types.ts';
import { TINY } from '../helpers/bundles.ts';
import { continuation, sessionWith, someUnits } from '../helpers/lm.ts';
import { marbles } from '../helpers/marbles.ts';

type Out = SpeechEvent | Continuation;

function unit(index: number, id = 1): SpeechEvent & { type: 'unit' } {
  const times = { start: 3200 * index, end: 3200 * (index + 1), decided: 3200 * (index + 2) };
  const made: Unit = { index, id, ...times, confidence: 1, pause: id === 0, forced: false };
  return { type: 'unit', unit: made };
}

const flushed: SpeechEvent = { type: 'flushed', id: 'f', sample: 3200, index: 1 };
const provisional: SpeechEvent = { type: 'provisional', from: 1, units: [] };
const unitAt = (place: number): PredictedUnit => ({
  hypothesis: 0,
  place,
  id: 2,
  logProbability: -1,
});
const predicted = (after: number, place: number, request?: string): Continuation => ({
  type: 'predicted',
  ...(request && { request }),
  after,
  unit: unitAt(place),
});
const ended = (
  after: number,
  reason: (Continuation & { type: 'continued' })['reason'],
  request?: string,
): Continuation => ({ type: 'continued', ...(request && { request }), after, reason });

/** What the tests' streams and results are made of. After a: small letters, after b: capitals. */
const VALUES: Record<string, Out> = {
  a: unit(0),
  b: unit(1),
  f: flushed,
  p: provisional,
  x: predicted(0, 0),
  y: predicted(0, 1),
  d: ended(0, 'done'),
  s: ended(0, 'superseded'),
  u: ended(0, 'unsupported'),
  X: predicted(1, 0),
  Y: predicted(1, 1),
  D: ended(1, 'done'),
  U: ended(1, 'unsupported'),
};

/** A continuation of two units. */
const PREDICTED = { x: unitAt(0), y: unitAt(1) };

/** A model whose answers are the given observables; notes what becomes of its sessions. */
function modelOf(predicted$: Observable<PredictedUnit>, knows: () => boolean = () => true) {
  const notes: string[] = [];
  const asked: ContinuationOptions[] = [];
  const model: ContinuationModel = {
    knows,
    open: () => {
      notes.push('open');
      return {
        push: ({ id }: HistoryUnit) => void notes.push(`push ${id}`),
        continue: (options, signal) => {
          asked.push(options);
          signal.addEventListener('abort', () => notes.push('abort'));
          return predicted$;
        },
        close: () => void notes.push('close'),
      };
    },
  };
  return { model, notes, asked };
}

/** Compares a stream of events with what comes out, in marbles of VALUES. */
function expectMarbles(
  source: string,
  answer: string,
  result: string,
  options: ContinueUnitsOptions & { requests?: string; knows?: () => boolean } = {},
): { notes: string[]; asked: ContinuationOptions[] } {
  let seen = { notes: [] as string[], asked: [] as ContinuationOptions[] };
  marbles(({ cold, expectObservable }) => {
    const { model, notes, asked } = modelOf(cold(answer, PREDICTED), options.knows);
    const requests$ = options.requests === undefined ? undefined : cold(options.requests, REQUESTS);
    const events$ = cold(source, VALUES) as Observable<SpeechEvent>;
    const continued$ = events$.pipe(continueUnits(model, { ...options, requests$ }));
    expectObservable(continued$).toBe(result, { ...VALUES, ...REQUESTED });
    seen = { notes, asked };
  });
  return seen;
}

const REQUESTS: Record<string, ContinuationRequest> = {
  q: { id: 'q', units: 2 },
  r: { id: 'r', seed: 9 },
};
/** What comes of requests q and r after unit a. */
const REQUESTED: Record<string, Out> = {
  1: predicted(0, 0, 'q'),
  2: predicted(0, 1, 'q'),
  3: ended(0, 'done', 'q'),
  4: ended(0, 'superseded', 'q'),
  6: predicted(0, 0, 'r'),
  7: ended(0, 'done', 'r'),
  8: predicted(0, 1, 'r'),
};

describe('continueUnits', () => {
  it('lets every event through at once, and adds what is predicted after each unit', () => {
    const { notes } = expectMarbles('-a-p---f-b-----|', '-x--y|', '-axp-ydf-bX--YD|');
    expect(notes).toEqual(['open', 'push 1', 'abort', 'push 1', 'abort', 'close']);
  });

  it('drops a continuation that a newer unit overtakes, and says so before the next', () => {
    const { notes } = expectMarbles(
      '-a------b----------------|',
      '------x--y|',
      '-a-----x(bs)--X--YD------|',
    );
    // Called off before the model hears the newer unit.
    expect(notes).toEqual(['open', 'push 1', 'abort', 'push 1', 'abort', 'close']);
  });

  it('finishes the last continuation after the source has completed', () => {
    expectMarbles('-a|', '-x--y|', '-ax--y(d|)');
  });

  it('opens no session for an empty source and one that never speaks', () => {
    expect(expectMarbles('--|', '-x|', '--|').notes).toEqual([]);
    expect(expectMarbles('-', '-x|', '-').notes).toEqual([]);
  });

  it('answers unsupported without a model, and at a rate that the model does not know', () => {
    marbles(({ cold, expectObservable }) => {
      const events$ = cold('-a----b----|', VALUES) as Observable<SpeechEvent>;
      expectObservable(events$.pipe(continueUnits(undefined))).toBe('-(au)-(bU)-|', VALUES);
    });
    const { notes } = expectMarbles('-a----|', '-x|', '-(au)-|', { knows: () => false });
    expect(notes).toEqual([]);
  });

  it('passes a source error on, calls the continuation off and closes the session', () => {
    const { notes } = expectMarbles('-a--#', '-x---y|', '-ax-#');
    expect(notes).toEqual(['open', 'push 1', 'abort', 'close']);
  });

  it("fails with the model's error and leaves the source", () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const { model, notes } = modelOf(cold('-x#', PREDICTED));
      const events$ = cold('-a---b--', VALUES) as Observable<SpeechEvent>;
      expectObservable(events$.pipe(continueUnits(model))).toBe('-ax#', VALUES);
      expectSubscriptions((events$ as typeof events$ & { subscriptions: [] }).subscriptions).toBe(
        '^--!',
      );
      expect(notes).toEqual([]);
    });
  });

  it('leaves source, continuation and session when it is unsubscribed from', () => {
    let notes: string[] = [];
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const predicted$ = cold('-x---y|', PREDICTED);
      const made = modelOf(predicted$);
      ({ notes } = made);
      const events$ = cold('-a------', VALUES);
      const continued$ = (events$ as Observable<SpeechEvent>).pipe(continueUnits(made.model));
      expectObservable(continued$, '---!').toBe('-ax-', VALUES);
      expectSubscriptions(events$.subscriptions).toBe('^--!');
      expectSubscriptions(predicted$.subscriptions).toBe(' -^-!');
    });
    expect(notes).toEqual(['open', 'push 1', 'abort', 'close']);
  });

  it('continues after a flush alone with on: flush; a unit overtakes it all the same', () => {
    expectMarbles('-a-f-------|', '-x--y|', '-a-fx--yd--|', { on: 'flush' });
    expectMarbles('-a-f--b----|', '-x----y|', '-a-fx-(bs)-|', { on: 'flush' });
  });

  it('continues for every request with on: request, with the options of the request before its own', () => {
    const { asked } = expectMarbles('-a---------|', '-x--y|', '-a--1--23--|', {
      on: 'request',
      requests: '---q--------|',
      units: 7,
      topP: 0.5,
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ units: 2, topP: 0.5 });
  });

  it('lets the next request overtake one that is under way, and a unit too', () => {
    expectMarbles('-a---------|', '-x--y|', '-a--146--87|', {
      on: 'request',
      requests: '---q-r',
    });
    expectMarbles('-a---b-----|', '-x-----y|', '-a--1(b4)--|', {
      on: 'request',
      requests: '---q',
    });
  });

  it('stops listening for requests when the source completes, and knows of no unit before the first', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const { model } = modelOf(cold('(x|)', PREDICTED));
      const requests$ = cold('--q-', REQUESTS);
      const events$ = cold<SpeechEvent>('------|');
      expectObservable(events$.pipe(continueUnits(model, { on: 'request', requests$ }))).toBe(
        '--(05)|',
        {
          0: predicted(-1, 0, 'q'),
          5: ended(-1, 'done', 'q'),
        },
      );
      expectSubscriptions(requests$.subscriptions).toBe('^-----!');
    });
  });

  it('hears nothing while the dial stands elsewhere, and begins anew when it comes back', () => {
    let known = true;
    const { model, notes } = modelOf(from([unitAt(0)]), () => known);
    const events$ = new Subject<SpeechEvent>();
    const out: Out[] = [];
    events$.pipe(continueUnits(model)).subscribe((event) => out.push(event));
    events$.next(unit(0, 3));
    known = false;
    events$.next(unit(1, 4));
    events$.next(unit(2, 5));
    known = true;
    events$.next(unit(3, 6));
    events$.complete();
    expect(notes.filter((note) => note !== 'abort')).toEqual([
      'open',
      'push 3',
      'close',
      'open',
      'push 6',
      'close',
    ]);
    const ends = out.filter((event) => event.type === 'continued').map(({ reason }) => reason);
    expect(ends).toEqual(['done', 'unsupported', 'unsupported', 'done']);
  });

  it('asks for the rate at every unit where it is a function', () => {
    const rates: unknown[] = [];
    const { model } = modelOf(from([]));
    const asking = { ...model, knows: (rate: unknown) => rates.push(rate) > 0 };
    let rate: 'natural' | number = 'natural';
    const events$ = new Subject<SpeechEvent>();
    events$.pipe(continueUnits(asking, { rate: () => rate })).subscribe();
    events$.next(unit(0));
    rate = 5;
    events$.next(unit(1));
    expect(new Set(rates)).toEqual(new Set(['natural', 5]));
  });

  it('gives two subscribers sessions of their own', () => {
    const { model, notes } = modelOf(from([unitAt(0)]));
    const events$ = from([unit(0, 3)]).pipe(continueUnits(model));
    events$.subscribe();
    events$.subscribe();
    expect(notes.filter((note) => note !== 'abort')).toEqual([
      'open',
      'push 3',
      'close',
      'open',
      'push 3',
      'close',
    ]);
  });

  it.each([
    [{ on: 'often' }, 'on must be one of unit, flush, request, got "often"'],
    [{ on: 'request' }, 'requests$ must be given with on: "request", and only then'],
    [{ n: 0 }, 'n must be a whole number from 1 to 16, got 0'],
    [{ seconds: 0 }, 'seconds must be above 0 and at most 120, got 0'],
  ])('refuses %j at once', (options, message) => {
    expect(() => continueUnits(undefined, options as ContinueUnitsOptions)).toThrow(message);
  });
});

describe('continueUnits with a real model', () => {
  let lm: UnitLm;
  beforeAll(async () => {
    lm = await createUnitLm(await readBundle(TINY));
  });
  afterAll(() => lm.close());

  const ids = someUnits(30, 4);
  const events = ids.map((id, index) => unit(index, id));
  const options = { n: 2, units: 5, seed: 4 };

  it('gives what the session gives: after every unit when there is time, after the last when there is none', async () => {
    const expected = await Promise.all(
      events.map((_, i) => continuation(sessionWith(lm, ids.slice(0, i + 1)), options)),
    );
    const source = new Subject<SpeechEvent>();
    const result = lastValueFrom(source.pipe(continueUnits(lm, options), toArray()));
    for (const [i, event] of events.entries()) {
      const before = lm.status().steps;
      source.next(event);
      if (i % 3 === 0) while (lm.status().steps < before + 9) await new Promise(setImmediate);
    }
    source.complete();
    const out = await result;
    const last = out.filter((event) => event.type === 'predicted' && event.after === 29);
    expect(last.map((event) => (event as { unit: PredictedUnit }).unit)).toEqual(expected[29]);
    for (const event of out) {
      if (event.type !== 'predicted') continue;
      expect(expected[event.after]).toContainEqual(event.unit);
    }
    const ends = out.flatMap((event) => (event.type === 'continued' ? [event.reason] : []));
    expect(ends).toHaveLength(30);
    expect(ends.at(-1)).toBe('done');
    expect(ends).toContain('superseded');
  });

  it('stops within one step when it is unsubscribed from', async () => {
    const { streams } = lm.status();
    const source = new Subject<SpeechEvent>();
    const units = await new Promise<number>((resolve) => {
      let seen = 0;
      const subscription = source.pipe(continueUnits(lm, { units: 300 })).subscribe((event) => {
        if (event.type !== 'predicted' || ++seen < 4) return;
        subscription.unsubscribe();
        resolve(lm.status().steps);
      });
      source.next(events[0]);
    });
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect(lm.status().steps - units).toBeLessThanOrEqual(1);
    expect(lm.status().streams).toBe(streams);
  });

  it('continues a whole pipeline of events that are not units', async () => {
    const mixed: SpeechEvent[] = [events[0], provisional, events[1], flushed];
    const out = await lastValueFrom(
      from(mixed).pipe(
        concatMap(async (event) => event),
        continueUnits(lm, { on: 'flush', units: 3 }),
        toArray(),
      ),
    );
    expect(out.filter((event) => event.type !== 'predicted' && event.type !== 'continued')).toEqual(
      mixed,
    );
    expect(out.at(-1)).toEqual(ended(1, 'done'));
  });
});
