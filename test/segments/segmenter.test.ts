import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createSegmenter,
  type SegmenterOptions,
  type SegmenterOutput,
} from '../../src/segments/segmenter.ts';
import { searchWhole, segmentOffline } from '../../src/segments/segmentOffline.ts';
import { isControl } from '../../src/core/types.ts';
import type { Control, FeatureBlock, ProvisionalSegments, Segment } from '../../src/core/types.ts';
import { boundarySample, TOKEN_SAMPLES } from '../../src/core/time.ts';
import { drive } from '../helpers/cuts.ts';
import { madeUp, onGrid, rows, segmenterConfig, type MadeUp } from '../helpers/features.ts';

const config = segmenterConfig();

function run(
  values: readonly (FeatureBlock | Control)[],
  options: Partial<SegmenterOptions> = {},
): SegmenterOutput[] {
  return drive(createSegmenter({ config, ...options }), values);
}

function isSegment(value: SegmenterOutput): value is Segment {
  return 'decided' in value;
}

function isTail(value: SegmenterOutput): value is ProvisionalSegments {
  return 'provisional' in value;
}

function segments(...args: Parameters<typeof run>): Segment[] {
  return run(...args).filter(isSegment);
}

const cutsOf = (found: readonly Segment[]): number[] => found.map(({ end }) => end);
const withoutDecided = (found: readonly Segment[]): Segment[] =>
  found.map((segment) => ({ ...segment, decided: 0 }));

/** Fails unless the segments follow each other from sample 0, numbered from 0, each decided in its turn. */
function expectTiling(found: readonly Segment[], end?: number): void {
  found.forEach((segment, i) => {
    expect(segment.index).toBe(i);
    expect(segment.start).toBe(i === 0 ? 0 : found[i - 1].end);
    expect(segment.end).toBeGreaterThan(segment.start);
    expect(segment.decided).toBeGreaterThanOrEqual(i === 0 ? segment.end : found[i - 1].decided);
  });
  if (end !== undefined) expect(found.at(-1)?.end).toBe(end);
}

const recordings: [name: string, what: MadeUp][] = [
  ['features alone', { tokens: 3000, seed: 11 }],
  ['noisy features', { tokens: 3000, seed: 12, noise: 1.2 }],
  ['boundary logits', { tokens: 3000, seed: 13, boundary: true }],
  [
    'both heads and pauses',
    { tokens: 3000, seed: 14, boundary: true, speech: true, pauseEvery: 5 },
  ],
  ['numbers far from zero', { tokens: 3000, seed: 15, offset: 1000, boundary: true }],
];

describe('createSegmenter, online against offline', () => {
  test.each(recordings)('decides what a full backtrace decides: %s', (_, what) => {
    const whole = madeUp(what);
    for (const rate of ['natural', 5, 7, 8.33] as const) {
      const online = segments(onGrid(whole), { rate, maxDelayMs: Infinity });
      const offline = segmentOffline(whole, { config, rate });
      expect(withoutDecided(online)).toEqual(withoutDecided(offline));
      expectTiling(online, boundarySample(3000, 0));
    }
  });

  test('decides an hour as a fresh run over the same hour does, and forces nothing', () => {
    const whole = madeUp({ tokens: 180_000, seed: 21, boundary: true, offset: 50 });
    const online = segments(onGrid(whole), { maxDelayMs: Infinity });
    expect(cutsOf(online)).toEqual(cutsOf(segmentOffline(whole, { config })));
    expect(online.filter(({ forced }) => forced)).toEqual([]);
    expect(online.length).toBeGreaterThan(10_000);
  });

  test('decides the same without pruning, later', () => {
    const blocks = onGrid(madeUp({ tokens: 4000, seed: 22, noise: 0.9 }));
    const pruned = segments(blocks, { maxDelayMs: Infinity });
    const full = segments(blocks, { maxDelayMs: Infinity, prune: false });
    expect(withoutDecided(full)).toEqual(withoutDecided(pruned));
    const lag = (found: Segment[]): number =>
      found.reduce((sum, { decided, end }) => sum + decided - end, 0) / found.length;
    expect(lag(full)).toBeGreaterThan(1.3 * lag(pruned));
  });

  test('handles digital silence, where every start stays alive: by force after 30 s at most', () => {
    const whole: FeatureBlock = {
      ...madeUp({ tokens: 6000, seed: 1 }),
      features: new Float32Array(4 * 6000).fill(0.25),
    };
    const found = segments(onGrid(whole), { maxDelayMs: Infinity });
    expectTiling(found, boundarySample(6000, 0));
    expect(found.length).toBeLessThan(1.1 * (6000 / 50));
    expect(Math.max(...found.map(({ decided, end }) => decided - end))).toBeLessThan(31.5 * 16_000);
    const live = segments(onGrid(whole));
    expectTiling(live, boundarySample(6000, 0));
  });
});

describe('createSegmenter, decided', () => {
  test('is the availability of the first block that makes the end certain', () => {
    const whole = madeUp({ tokens: 800, seed: 31, boundary: true });
    const blocks = onGrid(whole);
    const found = segments(blocks, { maxDelayMs: Infinity });
    // a fresh run over every prefix: what it commits before its end is what this block made certain
    let seen = 0;
    for (let i = 1; i < blocks.length; i++) {
      const machine = createSegmenter({ config, maxDelayMs: Infinity });
      const certain = blocks.slice(0, i).flatMap((block) => [...machine.push(block)]);
      const { availableSample } = blocks[i - 1] as FeatureBlock;
      for (const segment of certain.slice(seen))
        expect((segment as Segment).decided).toBe(availableSample);
      expect(certain).toEqual(found.slice(0, certain.length));
      seen = certain.length;
    }
    expect(seen).toBeGreaterThan(40);
  });

  test('does not depend on how a chunk is cut, when its parts became available together', () => {
    const whole = madeUp({ tokens: 1200, seed: 32, boundary: true, speech: true });
    const blocks = onGrid(whole) as FeatureBlock[];
    const expected = segments(blocks, { maxDelayMs: Infinity });
    fc.assert(
      fc.property(fc.infiniteStream(fc.integer({ min: 1, max: 8 })), (cuts) => {
        const pieces = blocks.flatMap((block) => {
          if (block.scratch) return [block];
          const parts: FeatureBlock[] = [];
          for (let from = block.firstToken; from < block.firstToken + block.tokens;) {
            const to = Math.min(from + cuts.next().value!, block.firstToken + block.tokens);
            parts.push(rows(whole, from, to, block));
            from = to;
          }
          return parts;
        });
        expect(segments(pieces, { maxDelayMs: Infinity })).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });
});

describe('createSegmenter, maxDelayMs', () => {
  const whole = madeUp({ tokens: 6000, seed: 41, noise: 0.9 });
  const exact = new Set(cutsOf(segmentOffline(whole, { config })));

  test.each([400, 500, 800, 1200])(
    'decides every end within %i ms and counts what it forced',
    (ms) => {
      const found = segments(onGrid(whole), { maxDelayMs: ms });
      expectTiling(found, boundarySample(6000, 0));
      const late = found.slice(0, -1).filter(({ decided, end }) => decided - end > 16 * ms);
      expect(late).toEqual([]);
      expect(found.some(({ forced }) => forced)).toBe(true);
      expect(found.some(({ forced }) => !forced)).toBe(true);
      for (const { end, start } of found)
        expect(end - start).toBeLessThanOrEqual(50 * TOKEN_SAMPLES + 120);
    },
  );

  test('never decides sooner than the encoder allows: 0 ms decides each token when it comes', () => {
    const found = segments(onGrid(whole), { maxDelayMs: 0 });
    expectTiling(found, boundarySample(6000, 0));
    for (const { decided, end } of found)
      expect(decided - end).toBeLessThanOrEqual((8 + 4) * 320 + 120);
  });

  test('comes nearer to the exact boundaries the longer it may wait', () => {
    const agreement = [0, 300, 600, 1200, Infinity].map((maxDelayMs) => {
      const found = cutsOf(segments(onGrid(whole), { maxDelayMs }));
      return found.filter((end) => exact.has(end)).length / Math.max(found.length, exact.size);
    });
    expect(agreement).toEqual([...agreement].sort((a, b) => a - b));
    expect(agreement[0]).toBeLessThan(0.95);
    expect(agreement[2]).toBeGreaterThan(0.96);
    expect(agreement.at(-1)).toBe(1);
  });

  test('marks what it forced: whatever differs first is marked, or comes after a mark', () => {
    let differing = 0;
    for (let seed = 0; seed < 40; seed++) {
      const noisy = madeUp({ tokens: 600, seed, noise: 1.3 });
      const wanted = cutsOf(segmentOffline(noisy, { config }));
      for (const maxDelayMs of [250, 350, 450, 600]) {
        const found = segments(onGrid(noisy), { maxDelayMs });
        const first = found.findIndex(({ end }, i) => end !== wanted[i]);
        if (first === -1) continue;
        differing += 1;
        expect(found.slice(0, first + 1).some(({ forced }) => forced)).toBe(true);
      }
    }
    expect(differing).toBeGreaterThan(50);
  });

  test('keeps to allowed lengths after a forced decision', () => {
    const tight = { ...config, maxTokens: 7 };
    for (const maxDelayMs of [0, 200, 400]) {
      const found = segments(onGrid(whole), { config: tight, maxDelayMs });
      expectTiling(found, boundarySample(6000, 0));
      for (const { start, end } of found.slice(1, -1)) {
        expect((end - start) / TOKEN_SAMPLES).toBeGreaterThanOrEqual(3);
        expect((end - start) / TOKEN_SAMPLES).toBeLessThanOrEqual(7);
      }
    }
  });
});

describe('createSegmenter, flush', () => {
  const flushes = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 8 });

  test('decides everything that has come, anywhere, and the stream goes on from there', () => {
    const shapes = fc.record({
      at: flushes,
      maxDelayMs: fc.constantFrom(0, 200, 800, Infinity),
      maxTokens: fc.constantFrom(5, 6, 50),
      delay: fc.constantFrom(0, 1, 2, 4),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(shapes, ({ at, maxDelayMs, maxTokens, delay, seed }) => {
        const whole = madeUp({ tokens: 400, seed, boundary: true });
        const options = { config: { ...config, maxTokens }, maxDelayMs };
        const out = run(onGrid(whole, { flushes: at, delay }), options);
        expectTiling(out.filter(isSegment), boundarySample(400, 0));
        let end = 0;
        for (const value of out) {
          if (isSegment(value)) end = value.end;
          if (!isControl(value) || value.control !== 'flush') continue;
          const tokens = value.id as number;
          // under three tokens are carried over
          expect(end).toBeLessThanOrEqual(boundarySample(tokens, 0));
          expect(end).toBeGreaterThan(boundarySample(tokens, 0) - 3 * TOKEN_SAMPLES - 121);
        }
        for (const { start, end: stop, vector } of out.filter(isSegment).slice(0, -1)) {
          expect(stop - start).toBeGreaterThanOrEqual(3 * TOKEN_SAMPLES);
          expect(stop - start).toBeLessThanOrEqual(maxTokens * TOKEN_SAMPLES + 120);
          expect(vector.every(Number.isFinite)).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('decides a flushed part as if the recording ended there', () => {
    const whole = madeUp({ tokens: 333, seed: 51, boundary: true });
    const out = segments(onGrid(whole, { flushes: [157] }), { maxDelayMs: Infinity });
    const head = segmentOffline(rows(whole, 0, 157, { availableSample: 0 }), { config });
    expect(cutsOf(out).slice(0, head.length)).toEqual(cutsOf(head));
    // and the rest as if it began there
    const rest = segmentOffline(
      { ...rows(whole, 157, 333, { availableSample: 0 }), firstToken: 0 },
      { config },
    );
    const tokensOf = (ends: number[]): number[] => ends.map((end) => (end - 120) / TOKEN_SAMPLES);
    expect(tokensOf(cutsOf(out).slice(head.length))).toEqual(
      tokensOf(cutsOf(rest)).map((token) => token + 157),
    );
  });

  test('uses the scratch rows to decide and the repeated rows never: they may differ', () => {
    const whole = madeUp({ tokens: 200, seed: 52 });
    const other = madeUp({ tokens: 200, seed: 53 });
    const mixed = onGrid(whole, { flushes: [101] }).map((value) => {
      if (isControl(value) || !value.scratch || value.firstToken > 101) return value;
      const { firstToken, tokens, availableSample } = value;
      return rows(other, firstToken, firstToken + tokens, { availableSample, scratch: true });
    });
    const found = segments(mixed, { maxDelayMs: Infinity });
    const joined = rows(whole, 0, 200, { availableSample: 0 });
    joined.features.set(other.features.subarray(4 * 92, 4 * 101), 4 * 92); // rows of chunk 12, 4 back
    const head = segmentOffline(rows(joined, 0, 101, { availableSample: 0 }), { config });
    expect(found.slice(0, head.length).map(({ vector, end }) => [vector, end])).toEqual(
      head.map(({ vector, end }) => [vector, end]),
    );
  });

  test('carries under three tokens over, and makes one short segment of them at the end', () => {
    const whole = madeUp({ tokens: 202, seed: 54 });
    const found = segments(onGrid(whole, { flushes: [200, 201, 202] }));
    expectTiling(found, boundarySample(202, 0));
    expect(found.at(-1)).toMatchObject({ start: boundarySample(200, 0) });
    expect(segments(onGrid(madeUp({ tokens: 2, seed: 1 })))).toMatchObject([
      { start: 0, end: 760 },
    ]);
    const carried = segments(onGrid(madeUp({ tokens: 40, seed: 1 }), { flushes: [2] }));
    expect(cutsOf(carried)).toEqual(cutsOf(segments(onGrid(madeUp({ tokens: 40, seed: 1 })))));
  });

  test('says when: at the scratch block, never later than the flush', () => {
    const whole = madeUp({ tokens: 64, seed: 55 });
    const out = run(onGrid(whole, { flushes: [50] }), { maxDelayMs: Infinity });
    const at = out.findIndex((value) => isControl(value));
    expect(at).toBeGreaterThan(1);
    for (const value of out.slice(0, at))
      expect((value as Segment).decided).toBeLessThanOrEqual(320 * 50 + 240);
    expect(out[at - 1]).toMatchObject({ decided: 320 * 50 + 240, forced: false });
  });

  test('is harmless twice, and before anything came', () => {
    const flush: Control = { control: 'flush' };
    const blocks = onGrid(madeUp({ tokens: 80, seed: 56 }));
    const found = run([flush, flush, ...blocks, flush, flush], { partials: true });
    expect(found.filter(isControl).length).toBe(4);
    expectTiling(found.filter(isSegment), boundarySample(80, 0));
    expect(run([])).toEqual([]);
    expect(run([flush])).toEqual([flush]);
  });
});

describe('createSegmenter, partials', () => {
  test('returns after each block a tail that joins on, and ends up empty', () => {
    const whole = madeUp({ tokens: 500, seed: 61, boundary: true });
    const out = run(onGrid(whole, { flushes: [203] }), { partials: true });
    let end = 0;
    let index = 0;
    let tails = 0;
    for (const value of out) {
      if (isSegment(value)) ({ end, index } = { end: value.end, index: value.index + 1 });
      if (!isTail(value)) continue;
      tails += 1;
      expect(value.from).toBe(index);
      let at = end;
      for (const [i, segment] of value.provisional.entries()) {
        expect(segment).toMatchObject({ index: index + i, start: at });
        expect(segment.vector.every(Number.isFinite)).toBe(true);
        at = segment.end;
      }
    }
    expect(tails).toBeGreaterThan(60);
    expect(out.filter(isTail).at(-1)?.provisional).toEqual([]);
    expect(out.filter(isSegment)).toEqual(segments(onGrid(whole, { flushes: [203] })));
  });

  test('shows the best path now: what the search would decide, but for the last open segment', () => {
    const whole = madeUp({ tokens: 1200, seed: 62, boundary: true });
    const blocks = onGrid(whole);
    const machine = createSegmenter({ config, partials: true, maxDelayMs: Infinity });
    let agree = 0;
    let all = 0;
    const final = new Set(cutsOf(segmentOffline(whole, { config })));
    for (const block of blocks) {
      const tail = [...machine.push(block)].find(isTail);
      for (const { end } of tail?.provisional.slice(0, -1) ?? []) {
        all += 1;
        if (final.has(end)) agree += 1;
      }
    }
    expect(all).toBeGreaterThan(50);
    expect(agree / all).toBeGreaterThan(0.8);
  });
});

describe('createSegmenter, pauses', () => {
  test('calls a segment a pause when its mean speech logit is below 0', () => {
    const whole = madeUp({ tokens: 2000, seed: 71, speech: true, pauseEvery: 4, boundary: true });
    const found = segments(onGrid(whole));
    for (const { start, end, pause } of found) {
      const from = start === 0 ? 0 : (start - 120) / TOKEN_SAMPLES;
      const mean = whole
        .speech!.slice(from, (end - 120) / TOKEN_SAMPLES)
        .reduce((a, b) => a + b, 0);
      expect(pause).toBe(mean < 0);
    }
    expect(found.filter(({ pause }) => pause).length).toBeGreaterThan(20);
  });

  test('calls none a pause where nothing tells', () => {
    const found = segments(onGrid(madeUp({ tokens: 800, seed: 72 })));
    expect(found.some(({ pause }) => pause)).toBe(false);
  });

  test('falls back to the level against the noise floor, flushes or not', () => {
    const whole = madeUp({ tokens: 2000, seed: 73, speech: true, pauseEvery: 4, boundary: true });
    const { speech, ...rest } = whole;
    const levels = { ...rest, level: speech!.map((logit) => (logit > 0 ? -5 : -10)) };
    for (const grid of [{}, { flushes: [100, 101, 102, 900] }]) {
      const wanted = segments(onGrid(whole, grid)).map(({ pause }) => pause);
      const found = segments(onGrid(levels, grid)).map(({ pause }) => pause);
      const same = found.filter((pause, i) => pause === wanted[i]).length;
      expect(same / wanted.length).toBeGreaterThan(0.97);
    }
  });
});

describe('createSegmenter, the rate dial', () => {
  const whole = madeUp({ tokens: 3000, seed: 81, noise: 0.9 });
  const turned = (rate: number, after: number, fromSample?: number): (FeatureBlock | Control)[] =>
    onGrid(whole).toSpliced(after, 0, {
      control: 'rate',
      rate,
      ...(fromSample !== undefined && { fromSample }),
    });

  test('turned in mid-stream holds for the boundaries from its token on, exactly', () => {
    const token = 1501;
    const options = { maxDelayMs: Infinity, rate: 5 } as const;
    const found = segments(turned(8.33, 0, token * TOKEN_SAMPLES - 5), options);
    const wanted = searchWhole({
      features: whole.features,
      width: 4,
      minTokens: 3,
      maxTokens: 50,
      w: () => 1,
      price: (t) => (t < token ? 2.5 : 0.2),
    });
    expect(cutsOf(found)).toEqual(wanted.slice(1).map((t) => boundarySample(t, 0)));
  });

  test('does not care when the turn was announced, as long as its token is not decided', () => {
    const options = { rate: 5 } as const;
    const at = 1000 * TOKEN_SAMPLES;
    const early = segments(turned(8.33, 0, at), options);
    const block = Math.ceil(1000 / 8);
    expect(segments(turned(8.33, block, at), options)).toEqual(early);
    expect(segments(turned(8.33, block + 1, at), { ...options, maxDelayMs: Infinity })).toEqual(
      segments(turned(8.33, 0, at), { ...options, maxDelayMs: Infinity }),
    );
  });

  test('counts a sample that is already decided as now, and leaves what was decided', () => {
    const before = segments(onGrid(whole), { rate: 5 });
    const found = segments(turned(8.33, 180, 0), { rate: 5 });
    const now = 180 * 8 * TOKEN_SAMPLES;
    const old = before.filter(({ decided }) => decided <= now);
    expect(found.slice(0, old.length)).toEqual(old);
    expectTiling(found, boundarySample(3000, 0));
    expect(found.length).toBeGreaterThan(before.length * 1.15);
    expect(segments(turned(8.33, 180), { rate: 5 })).toEqual(found);
  });

  test('takes weights of different sizes exactly', () => {
    const rates = config.rates.map((setting, i) => ({
      ...setting,
      w: [1, 2, 1, 0.5][i],
      even: [undefined, 0.02, 0, 0.03][i],
    }));
    const token = 1400;
    const turns = onGrid(whole);
    turns.unshift({ control: 'rate', rate: 8.33, fromSample: token * TOKEN_SAMPLES });
    turns.unshift({ control: 'rate', rate: 6.25, fromSample: 600 * TOKEN_SAMPLES });
    const found = segments(turns, { config: { ...config, rates }, rate: 5, maxDelayMs: Infinity });
    const at = (t: number): number => (t < 600 ? 1 : t < token ? 2 : 3);
    const wanted = searchWhole({
      features: whole.features,
      width: 4,
      minTokens: 3,
      maxTokens: 50,
      w: (t) => rates[at(t)].w,
      even: (t) => rates[at(t)].even ?? 0,
      price: (t) => rates[at(t)].lambda,
    });
    expect(cutsOf(found)).toEqual(wanted.slice(1).map((t) => boundarySample(t, 0)));
  });

  test('refuses a rate outside of the dial, and turns without end', () => {
    const machine = createSegmenter({ config });
    expect(() => machine.push({ control: 'rate', rate: 9 })).toThrow(
      /within the bundle's 5 to 8.33, got 9/,
    );
    expect(() => {
      for (let i = 1; i < 100; i++)
        machine.push({ control: 'rate', rate: 5, fromSample: 32_000 * i });
    }).toThrow(expect.objectContaining({ code: 'SYLSTREAM_ERR_OVERRUN' }));
  });
});

describe('createSegmenter, the rate hold', () => {
  const rateOf = (found: readonly Segment[]): number => {
    const spoken = found.filter(({ pause }) => !pause);
    return (16_000 * spoken.length) / spoken.reduce((sum, { start, end }) => sum + end - start, 0);
  };

  test.each([5, 6.25])(
    'brings a stream that is off its calibration to %f units a second',
    (rate) => {
      const whole = madeUp({ tokens: 30_000, seed: 91, noise: 0.9, speech: true, pauseEvery: 6 });
      const blocks = onGrid(whole);
      const free = segments(blocks, { rate });
      const held = segments(blocks, { rate, holdRate: true });
      const late = (found: Segment[]): Segment[] =>
        found.filter(({ start }) => start > 16_000 * 200);
      expect(Math.abs(Math.log(rateOf(late(free)) / rate))).toBeGreaterThan(0.1);
      expect(Math.abs(Math.log(rateOf(late(held)) / rate))).toBeLessThan(0.04);
      expectTiling(held, boundarySample(30_000, 0));
    },
  );

  test('depends on the audio alone', () => {
    const blocks = onGrid(madeUp({ tokens: 4000, seed: 92, noise: 0.9 }));
    const once = segments(blocks, { rate: 5, holdRate: true, partials: true });
    expect(segments(blocks, { rate: 5, holdRate: true })).toEqual(once);
  });
});

describe('createSegmenter, what it refuses', () => {
  const whole = madeUp({ tokens: 40, seed: 1 });
  const block = rows(whole, 0, 8, { availableSample: 3000 });

  test.each<[string, FeatureBlock, RegExp]>([
    [
      'a gap',
      rows(whole, 8, 16, { availableSample: 3000 }),
      /from token 0 on, got a block from token 8/,
    ],
    ['too few numbers', { ...block, tokens: 9 }, /9 x 4 features, got 32/],
    ['a NaN', { ...block, features: block.features.with(13, NaN) }, /NaN in features of token 3/],
    [
      'an infinite logit',
      { ...block, boundary: new Float32Array(8).fill(Infinity) },
      /in boundary of token 0/,
    ],
    [
      'a short row of logits',
      { ...block, speech: new Float32Array(7) },
      /8 numbers in speech, got 7/,
    ],
    ['no time', { ...block, availableSample: NaN }, /availableSample/],
  ])('%s', (_, value, message) => {
    const push = (): unknown => createSegmenter({ config }).push(value);
    expect(push).toThrow(message);
    expect(push).toThrow(expect.objectContaining({ code: 'SYLSTREAM_ERR_ENCODER' }));
  });

  test.each<[Partial<SegmenterOptions>, RegExp]>([
    [{ maxDelayMs: -1 }, /maxDelayMs must be 0 or more milliseconds, or Infinity, got -1/],
    [{ maxDelayMs: NaN }, /maxDelayMs .* got NaN/],
    [{ rate: 4 }, /rate must be 'natural' or within the bundle's 5 to 8.33, got 4/],
    [
      { config: { ...config, minTokens: 0 } },
      /config.minTokens must be a whole number of 1 or more, got 0/,
    ],
    [{ config: { ...config, maxTokens: 4 } }, /config.maxTokens must be .* got 4/],
    [
      { config: { ...config, featureWidth: 0 } },
      /config.featureWidth must be a whole number of 1 or more, got 0/,
    ],
    [{ config: { ...config, chunkTokens: 0 } }, /config.chunkTokens/],
    [{ config: { ...config, shiftSamples: -440 } }, /config.shiftSamples/],
    [{ config: { ...config, rates: [] } }, /config.rates must hold 'natural'/],
  ])('%j', (options, message) => {
    expect(() => createSegmenter({ config, ...options })).toThrow(message);
    expect(() => createSegmenter({ config, ...options })).toThrow(RangeError);
  });
});

test('keeps two machines apart', () => {
  const blocks = onGrid(madeUp({ tokens: 400, seed: 7 }));
  const machines = [createSegmenter({ config }), createSegmenter({ config })] as const;
  const found: Segment[][] = [[], []];
  for (const block of blocks) {
    machines.forEach((machine, i) => found[i].push(...([...machine.push(block)] as Segment[])));
  }
  machines.forEach((machine, i) => found[i].push(...([...machine.flush()] as Segment[])));
  expect(found[0]).toEqual(found[1]);
  expect(found[0]).toEqual(segments(blocks));
});
