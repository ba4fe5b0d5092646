import { Observable, of, Subject, take, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Machine } from '../../src/core/machine.ts';
import { stateful } from '../../src/operators/stateful.ts';
import { marbles } from '../helpers/marbles.ts';

/** Emits every value with its running number and, at the end, how many there were. */
function counter(): Machine<string, string> {
  let count = 0;
  return {
    push: (value) => [`${value}${count++}`],
    flush: () => [`end${count}`],
  };
}

describe('stateful', () => {
  it('emits what push returns in order and what flush returns on completion', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('  -a-b-|');
      const expected = '     -x-y-(z|)';
      expectObservable(source.pipe(stateful(counter))).toBe(expected, {
        x: 'a0',
        y: 'b1',
        z: 'end2',
      });
      expectSubscriptions(source.subscriptions).toBe('^----!');
    });
  });

  it('emits nothing of its own for a source that never speaks', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-');
      expectObservable(source.pipe(stateful(counter))).toBe('-');
      expectSubscriptions(source.subscriptions).toBe('^');
    });
  });

  it('flushes an empty source', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('--|').pipe(stateful(counter))).toBe('--(z|)', { z: 'end0' });
    });
  });

  it('emits many values for one and none for another', () => {
    marbles(({ cold, expectObservable }) => {
      const repeat = stateful<string, string>(() => ({
        push: (value) => Array.from({ length: Number(value) }, () => value),
        flush: () => [],
      }));
      expectObservable(cold('-3----0-2---|').pipe(repeat)).toBe('-(333)--(22)|');
    });
  });

  it('passes a source error on and does not flush', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('  -a-#', undefined, new Error('broken'));
      expectObservable(source.pipe(stateful(counter))).toBe(
        '                    -x-#',
        { x: 'a0' },
        new Error('broken'),
      );
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('sends what push throws downstream, after what it had already given, and leaves the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const fussy = stateful<string, string>(() => ({
        *push(value) {
          yield value;
          if (value === 'b') throw new RangeError('no b');
        },
        flush: () => ['end'],
      }));
      const source = cold('  -a-b-c-|');
      expectObservable(source.pipe(fussy)).toBe('-a-(b#)', undefined, new RangeError('no b'));
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('sends what flush and create throw downstream', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const failing = stateful<string, string>(() => ({
        push: (value) => [value],
        flush: () => {
          throw new Error('held too much');
        },
      }));
      expectObservable(cold('-a-|').pipe(failing)).toBe(
        '-a-#',
        undefined,
        new Error('held too much'),
      );
      const source = cold('-a-|');
      const unmakeable = stateful<string, string>(() => {
        throw new Error('no memory');
      });
      expectObservable(source.pipe(unmakeable)).toBe('#', undefined, new Error('no memory'));
      expectSubscriptions(source.subscriptions).toBe([]);
    });
  });

  it('unsubscribes from the source at once when its subscriber leaves early', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('  -a-b-c-|');
      expectObservable(source.pipe(stateful(counter)), '^---!').toBe('-x-y-', { x: 'a0', y: 'b1' });
      expectSubscriptions(source.subscriptions).toBe('^---!');
    });
  });

  it('stops in the middle of what one push gives', () => {
    let given = 0;
    const endless = stateful<string, number>(() => ({
      *push() {
        for (;;) yield given++;
      },
      flush: () => [],
    }));
    const seen: number[] = [];
    of('a')
      .pipe(endless, take(3))
      .subscribe((value) => seen.push(value));
    expect(seen).toEqual([0, 1, 2]);
    expect(given).toBe(3);
  });

  it('makes a machine for each subscriber, at subscription', () => {
    let made = 0;
    const values$ = of('a', 'b').pipe(
      stateful(() => {
        made += 1;
        return counter();
      }),
      toArray(),
    );
    expect(made).toBe(0);
    const seen: string[][] = [];
    values$.subscribe((values) => seen.push(values));
    values$.subscribe((values) => seen.push(values));
    expect(made).toBe(2);
    expect(seen).toEqual([
      ['a0', 'b1', 'end2'],
      ['a0', 'b1', 'end2'],
    ]);
  });

  it('keeps the order when a value causes the next one while it is being handed on', () => {
    const source$ = new Subject<number>();
    const seen: number[] = [];
    const twice = stateful<number, number>(() => ({ push: (n) => [n, -n], flush: () => [] }));
    source$.pipe(twice).subscribe((value) => {
      seen.push(value);
      if (value === 1) source$.next(2);
    });
    source$.next(1);
    expect(seen).toEqual([1, -1, 2, -2]);
  });

  it('releases the machine once on completion, on error and on unsubscription', () => {
    const released: string[] = [];
    const holding = (name: string): ReturnType<typeof stateful<string, string>> =>
      stateful<string, string>(() => ({
        push: (value) => {
          if (value === 'bad') throw new Error('bad');
          return [value];
        },
        flush: () => [],
        release: () => void released.push(name),
      }));
    of('a').pipe(holding('completed')).subscribe();
    of('bad')
      .pipe(holding('failed'))
      .subscribe({ error: () => undefined });
    new Observable<string>().pipe(holding('left')).subscribe().unsubscribe();
    expect(released).toEqual(['completed', 'failed', 'left']);
  });
});
