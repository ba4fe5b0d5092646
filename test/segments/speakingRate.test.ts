import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSpeakingRate } from '../../src/segments/speakingRate.ts';
import type { SpeakingRate, SpokenSpan } from '../../src/segments/speakingRate.ts';
import { drive } from '../helpers/cuts.ts';

const SECOND = 16_000;

/** Spans one after the other from lengths in seconds; negative ones are pauses. */
function spans(...seconds: number[]): SpokenSpan[] {
  let at = 0;
  return seconds.map((length) => {
    const start = at;
    at += Math.round(Math.abs(length) * SECOND);
    return { start, end: at, pause: length < 0 };
  });
}

const repeat = (times: number, ...values: number[]): number[] =>
  Array.from({ length: times }, () => values).flat();

/** The last reading over spans given in seconds, as its windows. */
function last(
  seconds: readonly number[],
  options?: Parameters<typeof createSpeakingRate>[0],
): SpeakingRate {
  return drive(createSpeakingRate(options), spans(...seconds)).at(-1)!;
}

/** The slow way: what a window holds, by looking at every sample's span. */
function bySamples(all: readonly SpokenSpan[], windowSamples: number, minPause: number): number[] {
  const end = all.at(-1)!.end;
  const from = Math.max(all[0].start, end - windowSamples);
  let units = 0;
  let pauseSamples = 0;
  let pauses = 0;
  for (let n = 0; n < all.length; n++) {
    const { start, end: stop, pause } = all[n];
    let inside = 0;
    for (let i = start; i < stop; i++) if (i >= from) inside++;
    if (!pause) {
      units += inside / (stop - start);
      continue;
    }
    if (n > 0 && all[n - 1].pause) continue;
    let run = n;
    while (run + 1 < all.length && all[run + 1].pause) run++;
    if (all[run].end - start < minPause) continue;
    const left = all[run].end - Math.max(start, from);
    if (left <= 0) continue;
    pauses++;
    pauseSamples += left;
  }
  return [units, pauses, pauseSamples];
}

/** A machine that gets one good span and then this one. */
const second = (start: number, end: number) => () => {
  drive(createSpeakingRate(), [
    { start: 0, end: 100, pause: false },
    { start, end, pause: false },
  ]);
};

const made = (options: object) => () => createSpeakingRate(options);

describe('createSpeakingRate', () => {
  it('counts five syllables a second without a pause as both rates', () => {
    const { sample, windows } = last(repeat(150, 0.2));
    expect(sample).toBe(30 * SECOND);
    expect(windows.map((w) => w.windowSeconds)).toEqual([3, 10, 20]);
    for (const w of windows) {
      expect(w.seconds).toBe(w.windowSeconds);
      expect(w.speechRate).toBeCloseTo(5, 9);
      expect(w.articulationRate).toBeCloseTo(5, 9);
      expect([w.pauses, w.pauseSeconds, w.meanPauseSeconds]).toEqual([0, 0, 0]);
    }
  });

  it('tells speech rate from articulation rate where half the time is pause', () => {
    // 1 s of speech (5 units), 1 s of pause, ten times over.
    const { windows } = last(repeat(10, ...repeat(5, 0.2), -1));
    expect(windows[1]).toMatchObject({ pauses: 5, pauseSeconds: 5, meanPauseSeconds: 1 });
    expect(windows[1].speechRate).toBeCloseTo(2.5, 9);
    expect(windows[1].articulationRate).toBeCloseTo(5, 9);
    // The last 3 s hold two pauses and the speech between them.
    expect(windows[0]).toMatchObject({ pauses: 2, pauseSeconds: 2 });
    expect(windows[0].units).toBeCloseTo(5, 9);
  });

  it('takes silent units that follow each other for one pause', () => {
    const { windows } = last([0.2, -1, -1, -0.4, 0.2]);
    expect(windows[1].pauses).toBe(1);
    expect(windows[1].meanPauseSeconds).toBeCloseTo(2.4, 9);
  });

  it('counts a silence as a pause from 250 ms on, and from minPauseMs on where it is given', () => {
    expect(last([0.2, -0.249, 0.2]).windows[0]).toMatchObject({ pauses: 0, pauseSeconds: 0 });
    expect(last([0.2, -0.25, 0.2]).windows[0]).toMatchObject({ pauses: 1, pauseSeconds: 0.25 });
    expect(last([0.2, -0.02, 0.2], { minPauseMs: 0 }).windows[0].pauses).toBe(1);
    // Too short a silence belongs to the speaking time.
    expect(last([0.3, -0.2, 0.5]).windows[0].articulationRate).toBeCloseTo(2, 9);
  });

  it('counts a unit that the edge of the window cuts by its part inside', () => {
    const { windows } = last([2, 2], { windowsSeconds: [3] });
    expect(windows[0].units).toBeCloseTo(1.5, 9);
    expect(windows[0].speechRate).toBeCloseTo(0.5, 9);
  });

  it('measures over what there is at the beginning', () => {
    const { windows } = last([0.25, 0.25]);
    for (const w of windows) expect(w).toMatchObject({ seconds: 0.5, units: 2, speechRate: 4 });
    const [first] = drive(createSpeakingRate(), [{ start: 8_000, end: 16_000, pause: false }]);
    expect(first.windows[0]).toMatchObject({ seconds: 0.5, speechRate: 2 });
  });

  it('reads zero where nobody spoke', () => {
    expect(last([-1, -1, -1, -1]).windows[0]).toMatchObject({
      units: 0,
      speechRate: 0,
      articulationRate: 0,
      pauses: 1,
      pauseSeconds: 3,
    });
  });

  it('reads what counting sample by sample gives, for any speech', () => {
    const lengths = fc.array(
      fc.record({ samples: fc.integer({ min: 160, max: 16_000 }), pause: fc.boolean() }),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(lengths, fc.integer({ min: 0, max: 500 }), (parts, minPauseMs) => {
        let at = 0;
        const all = parts.map((p) => ({ start: at, end: (at += p.samples), pause: p.pause }));
        const machine = createSpeakingRate({ minPauseMs, windowsSeconds: [3, 1] });
        const { windows } = drive(machine, all).at(-1)!;
        for (const w of windows) {
          const [units, pauses, samples] = bySamples(
            all,
            w.windowSeconds * SECOND,
            minPauseMs * 16,
          );
          expect(w.units).toBeCloseTo(units, 6);
          expect(w.pauses).toBe(pauses);
          expect(w.pauseSeconds).toBeCloseTo(samples / SECOND, 9);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('does not slow down over a day of speech', () => {
    const machine = createSpeakingRate();
    const before = performance.now();
    let at = 0;
    for (let n = 0; n < 400_000; n++) {
      machine.push({ start: at, end: at + 3_200, pause: false });
      at += 3_200;
    }
    expect(performance.now() - before).toBeLessThan(20_000);
  });

  it('refuses units that overlap, leave a hole or hold nothing', () => {
    expect(second(99, 200)).toThrow(
      new RangeError('a unit must begin at 100 and end later, got 99 to 200'),
    );
    expect(second(101, 200)).toThrow(RangeError);
    expect(second(100, 100)).toThrow(RangeError);
    expect(second(100, 101)).not.toThrow();
  });

  it('names option, rule and value when an option is wrong', () => {
    expect(made({ windowsSeconds: [3, 0] })).toThrow(
      new RangeError('windowsSeconds must be above 0 and at most 3600, got 0'),
    );
    expect(made({ windowsSeconds: [3600] })).not.toThrow();
    expect(made({ windowsSeconds: [3600.1] })).toThrow(RangeError);
    expect(made({ windowsSeconds: [] })).toThrow(TypeError);
    expect(made({ windowsSeconds: ['3'] })).toThrow(TypeError);
    expect(made({ minPauseMs: -1 })).toThrow(
      new RangeError('minPauseMs must be a number from 0 to 10000, got -1'),
    );
    expect(made({ minPauseMs: 10_001 })).toThrow(RangeError);
    expect(made({ minPauseMs: Number.NaN })).toThrow(RangeError);
  });
});
