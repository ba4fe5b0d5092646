import { describe, expect, test } from 'vitest';
import { checkBoundaryConfig, settingFor } from '../../src/segments/rateDial.ts';
import { createRateHold } from '../../src/segments/rateHold.ts';
import { createRateSchedule, MAX_PENDING_TURNS } from '../../src/segments/rateSchedule.ts';
import type { Rate } from '../../src/core/types.ts';
import { segmenterConfig } from '../helpers/features.ts';

const config = segmenterConfig();

describe('settingFor', () => {
  test('returns the calibration itself where there is one', () => {
    expect(settingFor(config, 'natural')).toBe(config.rates[0]);
    expect(settingFor(config, 5)).toBe(config.rates[1]);
    expect(settingFor(config, 6.25)).toBe(config.rates[2]);
    expect(settingFor(config, 8.33)).toBe(config.rates[3]);
  });

  test('is linear in hz between two numbers, and does not count natural as one', () => {
    const rates = config.rates.map((setting, i) => ({ ...setting, w: i, even: [0, 0, 0.5][i] }));
    const half = settingFor({ ...config, rates }, 5.625);
    expect(half).toMatchObject({ name: '5.625', hz: 5.625, w: 1.5 });
    expect(half.lambda).toBeCloseTo(1.75, 12);
    expect(half.even).toBe(0.25);
    expect(settingFor({ ...config, rates: rates.slice(0, 2) }, 5)).toBe(rates[1]);
  });

  test.each<[Rate, RegExp]>([
    [4.999, /rate must be 'natural' or within the bundle's 5 to 8.33, got 4.999/],
    [4.6, /got 4.6/],
    [8.34, /got 8.34/],
    [NaN, /got NaN/],
    [Infinity, /got Infinity/],
  ])('refuses %f', (rate, message) => {
    expect(() => settingFor(config, rate)).toThrow(message);
    expect(() => settingFor(config, rate)).toThrow(RangeError);
  });

  test('refuses what is no rate, and a number where the bundle has none', () => {
    expect(() => settingFor(config, '5.0' as Rate)).toThrow(TypeError);
    const natural = { ...config, rates: config.rates.slice(0, 1) };
    expect(() => settingFor(natural, 5)).toThrow(/no number at all, got 5/);
  });
});

describe('checkBoundaryConfig', () => {
  test('accepts the edges', () => {
    checkBoundaryConfig(config);
    checkBoundaryConfig({
      ...config,
      minTokens: 1,
      maxTokens: 1,
      logitClamp: 0,
      shiftSamples: -439,
    });
  });

  test.each([
    [{ minTokens: 1.5 }, /config.minTokens/],
    [
      { minTokens: 26 },
      /config.maxTokens must be a whole number of 51 or more \(2·minTokens − 1\), got 50/,
    ],
    [{ logitClamp: -1 }, /config.logitClamp/],
    [{ logitClamp: Infinity }, /config.logitClamp/],
    [{ shiftSamples: 0.5 }, /config.shiftSamples/],
    [{ rates: [{ name: 'natural', hz: 5, w: 0, lambda: 1 }] }, /config.rates\['natural'\].w/],
    [
      { rates: [{ name: 'natural', hz: 5, w: 1, lambda: 1, even: -1 }] },
      /\.even must be finite and 0 or more/,
    ],
    [
      { rates: [{ name: 'natural', hz: 5, w: 1, lambda: NaN }] },
      /\.lambda must be finite, got NaN/,
    ],
    [{ rates: config.rates.toReversed() }, /ascending in hz, got \[8.33, 6.25, 5.0\]/],
  ])('refuses %j', (over, message) => {
    expect(() => checkBoundaryConfig({ ...config, ...over })).toThrow(message);
  });
});

describe('createRateSchedule', () => {
  const [natural, five, six, eight] = config.rates;

  test('lets the last turn at or before a token hold, and a new one replace those at or after it', () => {
    const schedule = createRateSchedule(natural);
    schedule.turn(five, 100);
    schedule.turn(six, 200);
    expect([0, 99, 100, 199, 200].map((t) => schedule.at(t))).toEqual([
      natural,
      natural,
      five,
      five,
      six,
    ]);
    schedule.turn(eight, 150);
    expect([149, 150, 500].map((t) => schedule.at(t))).toEqual([five, eight, eight]);
    schedule.dropBefore(160);
    expect(schedule.at(160)).toBe(eight);
  });

  test('takes 64 turns ahead and refuses the next; what is past does not count', () => {
    const schedule = createRateSchedule(natural);
    for (let i = 1; i <= MAX_PENDING_TURNS; i++) schedule.turn(five, i);
    expect(() => schedule.turn(six, 1000)).toThrow(/at most 64 turns/);
    expect(schedule.at(1000)).toBe(five);
    schedule.dropBefore(1);
    schedule.turn(six, 1000);
    expect(schedule.at(1000)).toBe(six);
  });
});

describe('createRateHold', () => {
  /** A stream whose rate answers λ as the calibration says, off by a factor. */
  function settle(factor: number, target: number, natural = false): number {
    const rates = natural ? config.rates.slice(0, 1) : config.rates;
    const hold = createRateHold({ ...config, rates });
    const slope = natural ? 3 : 2.3 / Math.log(8.33 / 5);
    let rate = 0;
    let tokens = 0;
    let phase = 0;
    for (let token = 0; token < 15_000; token++) {
      rate = target * factor * Math.exp(-hold.correct(token, target) / slope);
      tokens += 1;
      phase += rate / 50;
      if (phase < 1) continue;
      hold.count(tokens, false);
      hold.count(40, true);
      tokens = 0;
      phase -= 1;
    }
    return rate / target;
  }

  test.each([0.7, 1, 1.4])('settles a stream that runs at %f of its rate', (factor) => {
    expect(Math.abs(settle(factor, 6) - 1)).toBeLessThan(0.05);
    expect(Math.abs(settle(factor, 4.6, true) - 1)).toBeLessThan(0.05);
  });

  test('does nothing before it has heard 4 s, and pauses are not heard', () => {
    const hold = createRateHold(config);
    for (let token = 0; token < 5000; token++) {
      if (token % 10 === 0) hold.count(10, true);
      if (token === 1000) hold.count(150, false);
      expect(hold.correct(token, 5)).toBe(0);
    }
  });

  test('adds at most twice the calibrated span, however far the stream is off', () => {
    expect(settle(20, 6)).toBeGreaterThan(5);
    const hold = createRateHold(config);
    for (let token = 0; token < 50_000; token++) {
      if (token % 3 === 0) hold.count(3, false);
      hold.correct(token, 5);
    }
    expect(hold.added).toBeCloseTo(2 * 2.3, 10);
  });
});
