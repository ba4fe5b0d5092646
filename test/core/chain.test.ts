import { describe, expect, it } from 'vitest';
import { chain } from '../../src/core/chain.ts';
import type { Machine } from '../../src/core/machine.ts';
import { drive } from '../helpers/cuts.ts';

const doubler = (): Machine<number, number> => ({ push: (n) => [n, n], flush: () => [0] });

/** Gives sums of two, and the odd one at the end. */
function pairSums(): Machine<number, number> {
  let held: number | undefined;
  return {
    push(n) {
      if (held === undefined) {
        held = n;
        return [];
      }
      const sum = held + n;
      held = undefined;
      return [sum];
    },
    flush: () => (held === undefined ? [] : [held]),
  };
}

function outOf(
  machine: Machine<number, number>,
  values: number[],
): { out: number[]; error: unknown } {
  const out: number[] = [];
  try {
    for (const value of values) for (const given of machine.push(value)) out.push(given);
    for (const given of machine.flush()) out.push(given);
  } catch (error) {
    return { out, error };
  }
  return { out, error: undefined };
}

describe('chain', () => {
  it('feeds what the first gives, its end included, to the second', () => {
    expect(drive(chain(doubler(), pairSums()), [1, 2])).toEqual([2, 4, 0]);
    expect(drive(chain(doubler(), pairSums()), [])).toEqual([0]);
  });

  it('lets the second give what it holds when the first throws, then throws', () => {
    const fussy: Machine<number, number> = {
      *push(n) {
        yield n;
        if (n === 3) throw new Error('three');
      },
      flush() {
        throw new Error('the end');
      },
    };
    expect(outOf(chain(fussy, pairSums()), [1, 2, 3, 4])).toEqual({
      out: [3, 3],
      error: new Error('three'),
    });
    expect(outOf(chain(fussy, pairSums()), [5])).toEqual({ out: [5], error: new Error('the end') });
  });

  it('throws what broke first when the end of the second breaks too', () => {
    const broken: Machine<number, number> = {
      push() {
        throw new Error('first');
      },
      flush: () => [],
    };
    const unending: Machine<number, number> = {
      push: (n) => [n],
      flush() {
        throw new Error('second');
      },
    };
    expect(outOf(chain(broken, unending), [1])).toEqual({ out: [], error: new Error('first') });
    expect(outOf(chain(doubler(), unending), [1])).toEqual({
      out: [1, 1, 0],
      error: new Error('second'),
    });
  });

  it('releases both', () => {
    const released: string[] = [];
    const holding = (name: string): Machine<number, number> => ({
      ...doubler(),
      release: () => void released.push(name),
    });
    chain(holding('first'), chain(doubler(), holding('second'))).release?.();
    expect(released).toEqual(['first', 'second']);
  });
});
