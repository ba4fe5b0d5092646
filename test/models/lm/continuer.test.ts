import { beforeEach, describe, expect, it } from 'vitest';
import { createContinuer, type Continuer } from '../../../src/models/lm/continuer.ts';

interface History {
  push(unit: { readonly id: number }): void;
  close(): void;
}

/** What became of the histories of a model that knows the rates `natural` and 5. */
let notes: string[];
const model = {
  knows: (rate: unknown) => rate === 'natural' || rate === 5,
  open: (): History => {
    notes.push('open');
    return {
      push: ({ id }) => void notes.push(`push ${id}`),
      close: () => void notes.push('close'),
    };
  },
};
/** Unit n of a stream: its id is n too, 100 samples long. */
const unit = (index: number) => ({ index, id: index, start: 100 * index, end: 100 * (index + 1) });

beforeEach(() => {
  notes = [];
});

describe('a continuer', () => {
  const made = (): Continuer<string, History> => createContinuer(model, 'natural');

  it('overtakes everything that is under way with the next unit, whatever it knew', () => {
    const continuer = made();
    const first = continuer.ask('a')!;
    expect([first.after, continuer.last]).toEqual([-1, -1]);
    expect(continuer.push(unit(0))).toEqual([{ id: 'a', after: -1, reason: 'superseded' }]);
    const again = ['a', 'b'].map((id) => continuer.ask(id)!);
    expect(again.map(({ after }) => after)).toEqual([0, 0]);
    expect(continuer.push(unit(1))).toEqual(
      ['a', 'b'].map((id) => ({ id, after: 0, reason: 'superseded' })),
    );
    expect([first, ...again].every(({ signal }) => signal.aborted)).toBe(true);
    expect(continuer.push(unit(2))).toEqual([]);
    expect(notes).toEqual(['open', 'push 0', 'push 1', 'push 2']);
  });

  it('cancels one, and says so once', () => {
    const continuer = made();
    const [a, b] = ['a', 'b'].map((id) => continuer.ask(id)!);
    expect(continuer.cancel('a')).toEqual([{ id: 'a', after: -1, reason: 'cancelled' }]);
    expect([a.signal.aborted, b.signal.aborted]).toEqual([true, false]);
    expect(continuer.cancel('a')).toEqual([]);
    expect(continuer.cancel('never')).toEqual([]);
  });

  it('ends nothing that came to its own end, and no newer one of the same name', () => {
    const continuer = made();
    const first = continuer.ask('a')!;
    continuer.over(first);
    expect(continuer.push(unit(0))).toEqual([]);
    expect(first.signal.aborted).toBe(false);
    continuer.ask('a');
    continuer.over(first); // late
    expect(continuer.cancel('a')).toEqual([{ id: 'a', after: 0, reason: 'cancelled' }]);
  });

  it('ends all at a rate that the model does not know, and hears only what comes after it is back', () => {
    const continuer = made();
    continuer.push(unit(0));
    const run = continuer.ask('a')!;
    expect(continuer.turn(8, 100)).toEqual([{ id: 'a', after: 0, reason: 'unsupported' }]);
    expect([run.signal.aborted, continuer.isSupported]).toEqual([true, false]);
    expect([continuer.ask('a'), continuer.history]).toEqual([undefined, undefined]);
    expect(continuer.push(unit(1))).toBeUndefined();
    expect(continuer.turn(5, 300)).toEqual([]);
    expect(continuer.push(unit(2))).toBeUndefined(); // begins at 200
    expect(continuer.ask('a')!.after).toBe(2);
    expect(continuer.push(unit(3))).toHaveLength(1);
    expect(notes).toEqual(['open', 'close', 'open', 'push 3']);
  });

  it('begins late with the units of the past that are of the rate', () => {
    const continuer = createContinuer(model, 8, () => [0, 1, 2, 3].map(unit));
    continuer.prepare();
    expect(notes).toEqual([]);
    continuer.turn(5, 150);
    continuer.prepare();
    continuer.prepare();
    expect(notes).toEqual(['open', 'push 2', 'push 3']);
  });

  it('supports nothing without a model', () => {
    const continuer = createContinuer<string, History>(undefined, 'natural');
    expect([continuer.isSupported, continuer.ask('a')]).toEqual([false, undefined]);
    expect(continuer.push(unit(0))).toBeUndefined();
    expect(continuer.last).toBe(0);
    continuer.release();
  });

  it('leaves all and closes the history when it is released', () => {
    const continuer = made();
    const run = continuer.ask('a')!;
    continuer.release();
    continuer.release();
    expect(run.signal.aborted).toBe(true);
    expect(notes).toEqual(['open', 'close']);
  });
});
