import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBackOff } from '../../src/client/backOff.ts';
import { createOutbox } from '../../src/client/outbox.ts';
import { createTimeline } from '../../src/client/timeline.ts';

/** Two bytes a sample: the sample's index. */
function audio(first: number, count: number): Uint8Array {
  const values = Uint16Array.from({ length: count }, (_, i) => first + i);
  return new Uint8Array(values.buffer);
}

describe('createOutbox', () => {
  it('gives audio and controls in order, up to the limit', () => {
    const box = createOutbox(2);
    box.pushAudio(audio(0, 10));
    box.pushControl({ t: 'flush', id: 'f' });
    box.pushGap(5);
    expect(box.take(4)).toEqual({ t: 'a', n: 0, d: audio(0, 4) });
    expect(box.take(4)).toBeUndefined();
    expect(box.take(20)).toEqual({ t: 'a', n: 4, d: audio(4, 6) });
    expect(box.take(20)).toEqual({ t: 'flush', id: 'f' });
    expect(box.take(20)).toEqual({ t: 'gap', n: 10, len: 5 });
    expect(box.take(20)).toBeUndefined();
    expect(box.held).toBe(15);
    box.acknowledge(15);
    expect([box.held, box.first]).toEqual([0, 15]);
  });

  it('cuts audio into messages that fit', () => {
    const box = createOutbox(2);
    box.pushAudio(new Uint8Array(100_000));
    const sizes = [1, 2, 3, 4].map(() => (box.take(1e9) as { d: Uint8Array }).d.byteLength);
    expect(sizes).toEqual([32_768, 32_768, 32_768, 1696]);
  });

  it('sends a control again that may not have arrived, and not one that was answered', () => {
    const box = createOutbox(2);
    box.pushAudio(audio(0, 10));
    box.pushControl({ t: 'flush', id: 'f' });
    box.pushControl({ t: 'end' });
    while (box.take(100)) continue;
    box.acknowledge(10);
    box.rewind(10);
    expect([box.take(100), box.take(100), box.take(100)]).toEqual([
      { t: 'flush', id: 'f' },
      { t: 'end' },
      undefined,
    ]);
    box.forget('f');
    box.rewind(10);
    expect([box.take(100), box.take(100)]).toEqual([{ t: 'end' }, undefined]);
  });

  it('loses nothing whatever was acknowledged and wherever it is sent again from', () => {
    const act = fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 50 }) }),
      fc.record({ take: fc.integer({ min: 1, max: 60 }) }),
      fc.record({ lose: fc.nat(60) }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
        const box = createOutbox(2);
        const server: number[] = []; // what has arrived, by index
        let reached = 0;
        const send = (limit: number): void => {
          for (let message = box.take(limit); message; message = box.take(limit)) {
            if (message.t !== 'a') throw new Error(message.t);
            expect(message.n).toBeLessThanOrEqual(server.length);
            const values = new Uint16Array(Uint8Array.from(message.d).buffer);
            values.forEach((value, i) => (server[message.n + i] = value));
          }
        };
        for (const each of acts) {
          if ('push' in each) box.pushAudio(audio(box.written, each.push));
          else if ('take' in each) send((reached += each.take));
          else {
            server.length = Math.max(box.first, server.length - each.lose); // not all that was sent arrived
            box.acknowledge(Math.floor((box.first + server.length) / 2));
            box.rewind(server.length);
          }
        }
        send(Infinity);
        expect(server).toEqual(Array.from({ length: box.written }, (_, i) => i));
      }),
      { seed: 8, numRuns: 1000 },
    );
  });
});

describe('createBackOff', () => {
  it('doubles, less a random part, to five seconds, and gives up in time', () => {
    const backOff = createBackOff({ firstMs: 100, giveUpMs: 20_000, random: () => 0 });
    const delays: (number | undefined)[] = [];
    for (let now = 0; delays.at(-1) !== undefined || now === 0; now += delays.at(-1) ?? 0) {
      delays.push(backOff.next(now));
    }
    expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, undefined]);
    const spread = createBackOff({ firstMs: 100, giveUpMs: 1000, random: () => 1 });
    expect(spread.next(0)).toBe(50);
  });

  it('waits as long as the server asks, and begins anew after a success', () => {
    const backOff = createBackOff({ firstMs: 100, giveUpMs: 10_000, random: () => 0 });
    expect([backOff.next(0, 3000), backOff.attempt]).toEqual([3000, 1]);
    backOff.succeed();
    expect([backOff.attempt, backOff.next(50_000)]).toEqual([0, 100]);
  });

  it('never tries again with giveUpMs 0', () => {
    expect(createBackOff({ firstMs: 1, giveUpMs: 0 }).next(0)).toBeUndefined();
  });
});

describe('createTimeline', () => {
  const u = (i: number) =>
    ({ t: 'u', i, id: 3, s: 10 * i, e: 10 * i + 10, at: 10 * i + 20 }) as const;

  it('lets every unit through once, and notices a missing one', () => {
    const timeline = createTimeline(16_000);
    expect(timeline.unit(u(0))).toMatchObject({ unit: { index: 0, start: 0 } });
    expect(timeline.unit(u(0))).toBeUndefined();
    expect(() => timeline.unit(u(2))).toThrow(/expected unit 1.*got 2/);
    expect(timeline.after).toBe(0);
  });

  it('goes on with indices and times when a new session begins', () => {
    const timeline = createTimeline(48_000);
    timeline.unit(u(0));
    timeline.restart(4800);
    expect(timeline.after).toBe(-1);
    expect(timeline.unit(u(0))).toMatchObject({
      unit: { index: 1, start: 1600, end: 1610, decided: 1620 },
    });
    expect(timeline.flushed({ t: 'flushed', id: 1, n: 10, i: 1 })).toMatchObject({
      sample: 1610,
      index: 2,
    });
    expect(timeline.provisional({ t: 'p', from: 1, us: [[0, 10, 20]] })).toMatchObject({
      from: 2,
      units: [{ index: 2, pause: true, start: 1610 }],
    });
    expect(timeline.units).toBe(2);
  });
});
