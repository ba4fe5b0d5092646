import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { closing, orAbort } from '../../src/streams/closing.ts';
import { peek } from '../../src/streams/peek.ts';

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const value of values) out.push(value);
  return out;
}

/** Values of a generator that tells when it is closed. */
function watched(values: Uint8Array[]): {
  source: AsyncGenerator<Uint8Array>;
  closed: () => boolean;
} {
  let closed = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield* values;
    } finally {
      closed = true;
    }
  }
  return { source: source(), closed: () => closed };
}

describe('closing', () => {
  it('passes values on and an error', async () => {
    const { signal } = new AbortController();
    expect(await all(closing([1, 2, 3], signal))).toEqual([1, 2, 3]);
    async function* failing(): AsyncGenerator<number> {
      yield 1;
      throw new Error('lost');
    }
    await expect(all(closing(failing(), signal))).rejects.toThrow('lost');
  });

  it('destroys a stream that is being waited for when the signal comes', async () => {
    const leaving = new AbortController();
    const stream = new PassThrough();
    const reading = all(closing(stream, leaving.signal));
    await Promise.resolve();
    leaving.abort();
    expect(await reading).toEqual([]);
    expect(stream.destroyed).toBe(true);
  });

  it('reads nothing once the signal has come', async () => {
    const { source, closed } = watched([new Uint8Array(1)]);
    await source.next();
    expect(await all(closing(source, AbortSignal.abort()))).toEqual([]);
    await Promise.resolve();
    expect(closed()).toBe(true);
  });
});

describe('orAbort', () => {
  it('gives the value, the error, or nothing as soon as the signal comes', async () => {
    const leaving = new AbortController();
    const { signal } = leaving;
    expect(await orAbort(Promise.resolve(5), signal)).toBe(5);
    await expect(orAbort(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    const never = orAbort(new Promise(() => undefined), signal);
    leaving.abort();
    expect(await never).toBeUndefined();
    expect(await orAbort(new Promise(() => undefined), signal)).toBeUndefined();
  });
});

describe('peek', () => {
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

  it('shows the first bytes and gives them back with the rest', async () => {
    const { source, closed } = watched([bytes(1), bytes(2, 3), bytes(4, 5, 6)]);
    const peeked = await peek(source, 2);
    expect(peeked.head).toEqual(bytes(1, 2));
    expect(await all(peeked.all)).toEqual([bytes(1), bytes(2, 3), bytes(4, 5, 6)]);
    expect(closed()).toBe(true);
  });

  it('shows what there is of a shorter stream', async () => {
    const { source } = watched([bytes(1)]);
    const peeked = await peek(source, 12);
    expect(peeked.head).toEqual(bytes(1));
    expect(await all(peeked.all)).toEqual([bytes(1)]);
  });

  it('closes the source when the reader leaves', async () => {
    const { source, closed } = watched([bytes(1, 2), bytes(3)]);
    const peeked = await peek(source, 1);
    for await (const piece of peeked.all) {
      expect(piece).toEqual(bytes(1, 2));
      break;
    }
    expect(closed()).toBe(true);
  });
});
