import { from, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../src/core/errors.ts';
import { resample } from '../../src/operators/resample.ts';
import type { Control, PcmChunk } from '../../src/core/types.ts';
import { cutChunks, joinChunks, seeded } from '../helpers/cuts.ts';
import { marbles } from '../helpers/marbles.ts';

const ones = (length: number): PcmChunk => ({ samples: new Float32Array(length).fill(1) });
const stereo = { sampleRate: 16_000, channels: 2 };
const flush: Control = { control: 'flush' };

describe('resample', () => {
  it('emits one moment for every two values of stereo and completes with its source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('             -a-b-f-c-|', {
        a: ones(1),
        b: ones(4),
        c: ones(1),
        f: flush,
      });
      expectObservable(source.pipe(resample(stereo))).toBe('---x-f-y-|', {
        x: ones(2),
        y: ones(1),
        f: flush,
      });
      expectSubscriptions(source.subscriptions).toBe('  ^--------!');
    });
  });

  it('emits nothing for an empty source and one that never speaks', () => {
    marbles(({ cold, expectObservable }) => {
      for (const format of [stereo, { sampleRate: 48_000, channels: 1 }]) {
        expectObservable(cold<PcmChunk>('--|').pipe(resample(format))).toBe('--|');
        expectObservable(cold<PcmChunk>('-').pipe(resample(format))).toBe('-');
      }
    });
  });

  it('drains the filter on completion', () => {
    marbles(({ cold, expectObservable }) => {
      const zeros = { samples: new Float32Array(3) };
      expectObservable(
        cold('-a-|', { a: zeros }).pipe(resample({ sampleRate: 48_000, channels: 1 })),
      ).toBe('                    ---(x|)', { x: { samples: new Float32Array(1) } });
    });
  });

  it('passes a source error on without draining', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-#', { a: ones(3) }, new Error('unplugged'));
      const out$ = source.pipe(resample({ sampleRate: 48_000, channels: 1 }));
      expectObservable(out$).toBe('---#', undefined, new Error('unplugged'));
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('sends its own errors down and leaves the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-', { a: ones(2), b: { samples: Float32Array.of(Infinity) } });
      expectObservable(source.pipe(resample(stereo))).toBe(
        '-x-#',
        { x: ones(1) },
        new PipelineError(
          'SYLSTREAM_ERR_AUDIO_NOT_FINITE',
          'expected finite samples in [-1, 1], got Infinity at sample 1 (0.000 s); repair the recording or the format it is read with',
        ),
      );
      expectSubscriptions(source.subscriptions).toBe('^--!');
      expectObservable(cold('-a-|', { a: ones(3) }).pipe(resample(stereo))).toBe(
        '-x-#',
        { x: ones(1) },
        new PipelineError(
          'SYLSTREAM_ERR_AUDIO_BYTES',
          'expected whole moments of 2 interleaved channels, got 1 values more at the end; check the number of channels',
        ),
      );
    });
  });

  it('leaves the source when its subscriber leaves', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-a-a-|', { a: ones(2) });
      expectObservable(source.pipe(resample(stereo)), '^--!').toBe('-x--', { x: ones(1) });
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('shares nothing between two subscribers', () => {
    const random = seeded(9);
    const samples = Float32Array.from({ length: 20_000 }, () => random() - 0.5);
    const out$ = from(cutChunks(samples, 2)).pipe(
      resample({ sampleRate: 44_100, channels: 1 }),
      toArray(),
    );
    const runs: Float32Array[] = [];
    out$.subscribe((values) => runs.push(joinChunks(values)));
    out$.subscribe((values) => runs.push(joinChunks(values)));
    expect(runs[0]).toHaveLength(Math.ceil((20_000 * 16_000) / 44_100));
    expect(runs[1]).toEqual(runs[0]);
  });

  it.each([
    [
      { sampleRate: 0, channels: 1 },
      RangeError,
      'sampleRate must be a whole number from 8000 to 192000 (Hz), got 0',
    ],
    [{ sampleRate: 7999, channels: 1 }, RangeError, 'got 7999'],
    [{ sampleRate: 192_001, channels: 1 }, RangeError, 'got 192001'],
    [{ sampleRate: 44_100.5, channels: 1 }, RangeError, 'got 44100.5'],
    [{ sampleRate: Number.NaN, channels: 1 }, RangeError, 'got NaN'],
    [
      { sampleRate: 16_000, channels: 0 },
      RangeError,
      'channels must be a whole number from 1 to 6, got 0',
    ],
    [{ sampleRate: 16_000, channels: 7 }, RangeError, 'got 7'],
    [{ sampleRate: 16_000, channels: 1.5 }, RangeError, 'got 1.5'],
    [{ sampleRate: '16000', channels: 1 }, TypeError, 'sampleRate must be a number, got string'],
    [{ sampleRate: 16_000 }, TypeError, 'channels must be a number, got undefined'],
  ])('refuses %o', (format, kind, message) => {
    const make = (): unknown => Reflect.apply(resample, undefined, [format]);
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });
});
