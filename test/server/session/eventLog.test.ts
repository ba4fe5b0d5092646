import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventLog } from '../../../server/session/eventLog.ts';
import type { EventLog, LoggedEvent } from '../../../server/session/eventLog.ts';
import { createLagHistogram } from '../../../server/observe/lagHistogram.ts';
import { createLagMeter } from '../../../server/observe/lagMeter.ts';

const u = (i: number): LoggedEvent => ({ t: 'u', i, id: 1, s: 0, e: 1, at: 1 });
const f = (id: string, i: number): LoggedEvent => ({ t: 'flushed', id, n: 0, i });

function since(log: EventLog, after: number, flush?: string): LoggedEvent[] | undefined {
  const from = log.find(after, flush);
  if (from === undefined) return undefined;
  return Array.from({ length: log.end - from }, (_, k) => log.at(from + k));
}

describe('createEventLog', () => {
  it('gives what follows a unit, and a flush that came later', () => {
    const log = createEventLog(10);
    const events = [f('a', 0), u(0), u(1), f('b', 2), f('c', 2), u(2)];
    events.forEach((event) => log.push(event));
    expect(since(log, -1)).toEqual(events);
    expect(since(log, -1, 'a')).toEqual(events.slice(1));
    expect(since(log, 1)).toEqual(events.slice(3));
    expect(since(log, 1, 'b')).toEqual(events.slice(4));
    expect(since(log, 2)).toEqual([]);
    expect(since(log, 3)).toBeUndefined();
  });

  it('loses and repeats nothing of its last events, and says so beyond', () => {
    const history = fc.array(fc.boolean(), { maxLength: 60 });
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 8 }), fc.nat(60), (isUnit, size, got) => {
        const log = createEventLog(size);
        let units = 0;
        const events = isUnit.map((yes, k) => (yes ? u(units++) : f(`f${k}`, units)));
        events.forEach((event) => log.push(event));
        const received = events.slice(0, got);
        const lastUnit = received.findLast((event) => event.t === 'u');
        const lastFlush = received.findLast((event) => event.t === 'flushed');
        const rest = since(
          log,
          lastUnit?.i ?? -1,
          lastFlush && 'id' in lastFlush ? (lastFlush.id as string) : undefined,
        );
        const missing = events.slice(got);
        if (missing.length <= size)
          expect(rest ?? 'lost').toEqual(rest === undefined ? 'lost' : missing);
        if (rest !== undefined) expect(rest).toEqual(missing);
        if (missing.length <= size && lastFlush === undefined && events.length <= 2 * size - 1) {
          expect(rest).toEqual(missing);
        }
      }),
      { seed: 6, numRuns: 2000 },
    );
  });

  it('holds at most twice its size', () => {
    const log = createEventLog(5);
    for (let i = 0; i < 1000; i++) {
      log.push(u(i));
      expect(log.end - log.start).toBeLessThanOrEqual(10);
      if (i >= 4) expect(since(log, i - 5)).toHaveLength(5);
    }
  });
});

describe('createLagMeter', () => {
  it('gives the time since the arrival of the sample that is now encoded', () => {
    const meter = createLagMeter();
    meter.arrived(160, 0);
    meter.arrived(320, 10);
    meter.arrived(480, 20);
    expect(meter.processed(160, 25)).toBe(25);
    expect(meter.processed(480, 26)).toBe(6);
    expect(meter.latestMs).toBe(6);
  });

  it('stays small when audio comes sample by sample, and right to 5 ms of audio', () => {
    const meter = createLagMeter();
    for (let sample = 1; sample <= 16_000; sample++) meter.arrived(sample, sample / 16);
    expect(meter.processed(8000, 1000)).toBeGreaterThanOrEqual(495);
    expect(meter.processed(8000, 1000)).toBeLessThanOrEqual(500);
  });
});

describe('createLagHistogram', () => {
  it('gives quantiles that are at most a tenth too high', () => {
    const histogram = createLagHistogram();
    expect(histogram.quantile(0.5)).toBe(0);
    for (let ms = 1; ms <= 1000; ms++) histogram.add(ms);
    for (const q of [0.5, 0.95, 0.99]) {
      expect(histogram.quantile(q)).toBeGreaterThanOrEqual(1000 * q);
      expect(histogram.quantile(q)).toBeLessThanOrEqual(1000 * q * 1.1 + 0.1);
    }
    histogram.add(1e12);
    expect(histogram.quantile(1)).toBeGreaterThan(100_000);
  });
});
