import { describe, expect, it } from 'vitest';
import { createBatcher } from '../../../src/models/inference/batcher.ts';

/** A runner that is settled by hand, so that the batches can be seen. */
function handRunner() {
  const runs: {
    items: readonly number[];
    finish: (results: (string | Error)[]) => void;
    fail: (e: Error) => void;
  }[] = [];
  const run = (items: readonly number[]) =>
    new Promise<(string | Error)[]>((finish, fail) => runs.push({ items, finish, fail }));
  return { runs, run };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('createBatcher', () => {
  it('puts items of one turn into one run and those that come meanwhile into the next', async () => {
    const { runs, run } = handRunner();
    const batcher = createBatcher<number, string>({ maxBatch: 8, key: () => 0, run });
    const first = [batcher.submit(1), batcher.submit(2)];
    await turn();
    expect(runs.map(({ items }) => items)).toEqual([[1, 2]]);
    const second = [batcher.submit(3), batcher.submit(4), batcher.submit(5)];
    await turn();
    expect(runs).toHaveLength(1);
    expect(batcher.queued).toBe(3);
    runs[0].finish(['a', 'b']);
    expect(await Promise.all(first)).toEqual(['a', 'b']);
    await turn();
    expect(runs[1].items).toEqual([3, 4, 5]);
    runs[1].finish(['c', 'd', 'e']);
    expect(await Promise.all(second)).toEqual(['c', 'd', 'e']);
  });

  it('runs at most maxBatch items, oldest first', async () => {
    const { runs, run } = handRunner();
    const batcher = createBatcher<number, string>({ maxBatch: 2, key: () => 0, run });
    const all = [1, 2, 3, 4, 5].map((item) => batcher.submit(item));
    for (const expected of [[1, 2], [3, 4], [5]]) {
      await turn();
      const last = runs.at(-1)!;
      expect(last.items).toEqual(expected);
      last.finish(last.items.map(String));
    }
    expect(await Promise.all(all)).toEqual(['1', '2', '3', '4', '5']);
  });

  it('never mixes keys, and serves the oldest item first whatever its key', async () => {
    const { runs, run } = handRunner();
    const batcher = createBatcher<number, string>({ maxBatch: 8, key: (item) => item % 2, run });
    const all = [1, 2, 3, 4].map((item) => batcher.submit(item));
    await turn();
    expect(runs[0].items).toEqual([1, 3]);
    runs[0].finish(['', '']);
    await turn();
    expect(runs[1].items).toEqual([2, 4]);
    runs[1].finish(['', '']);
    await Promise.all(all);
  });

  it('may take fewer items of one key than of another', async () => {
    const { runs, run } = handRunner();
    const maxBatch = (key: number) => (key === 1 ? 1 : 8);
    const batcher = createBatcher<number, string>({ maxBatch, key: (item) => item % 2, run });
    const all = [1, 2, 3, 4].map((item) => batcher.submit(item));
    for (const [i, items] of [[1], [2, 4], [3]].entries()) {
      await turn();
      expect(runs[i].items).toEqual(items);
      runs[i].finish(items.map(() => ''));
    }
    await Promise.all(all);
  });

  it('fails one item alone when its result is an error', async () => {
    const { runs, run } = handRunner();
    const batcher = createBatcher<number, string>({ maxBatch: 8, key: () => 0, run });
    const good = batcher.submit(1);
    const bad = batcher.submit(2);
    await turn();
    runs[0].finish(['fine', new Error('this row')]);
    await expect(bad).rejects.toThrow('this row');
    expect(await good).toBe('fine');
  });

  it('rejects every item of a run that fails whole and goes on with the next', async () => {
    const { runs, run } = handRunner();
    const batcher = createBatcher<number, string>({ maxBatch: 2, key: () => 0, run });
    const all = [1, 2, 3].map((item) => batcher.submit(item));
    await turn();
    runs[0].fail(new Error('the whole run'));
    await expect(all[0]).rejects.toThrow('the whole run');
    await expect(all[1]).rejects.toThrow('the whole run');
    await turn();
    runs[1].finish(['late']);
    expect(await all[2]).toBe('late');
  });

  it('leaves no waiter hanging when it is closed', async () => {
    const { runs, run } = handRunner();
    const batcher = createBatcher<number, string>({ maxBatch: 1, key: () => 0, run });
    const running = batcher.submit(1);
    const waiting = batcher.submit(2);
    await turn();
    batcher.close(new Error('closed'));
    await expect(waiting).rejects.toThrow('closed');
    await expect(batcher.submit(3)).rejects.toThrow('closed');
    runs[0].finish(['done']);
    expect(await running).toBe('done');
  });
});
