import { from, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../src/core/errors.ts';
import { logMel } from '../../src/operators/logMel.ts';
import type { Control, MelBlock, PcmChunk } from '../../src/core/types.ts';
import { isControl } from '../../src/core/types.ts';
import { cutChunks, join } from '../helpers/cuts.ts';
import { marbles } from '../helpers/marbles.ts';
import { clipSamples, floats } from '../helpers/speech.ts';

const silence = (length: number): PcmChunk => ({ samples: new Float32Array(length) });
const block = (firstFrame: number, frames: number): MelBlock => ({
  firstFrame,
  frames,
  mel: new Float32Array(frames * 128).fill(Math.log(1.1920929e-7)),
});
const flush: Control = { control: 'flush' };

describe('logMel', () => {
  it('emits a block when a window is full and completes with its source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('  -a-b-c-f-|', {
        a: silence(399),
        b: silence(1),
        c: silence(320),
        f: flush,
      });
      expectObservable(source.pipe(logMel())).toBe('---x-y-f-|', {
        x: block(0, 1),
        y: block(1, 2),
        f: flush,
      });
      expectSubscriptions(source.subscriptions).toBe('^--------!');
    });
  });

  it('emits nothing for an empty source, one that never speaks and one that is too short', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold<PcmChunk>('--|').pipe(logMel())).toBe('--|');
      expectObservable(cold<PcmChunk>('-').pipe(logMel())).toBe('-');
      expectObservable(cold('-a-|', { a: silence(3) }).pipe(logMel())).toBe('---|');
    });
  });

  it('passes a source error on', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('  -a-#', { a: silence(400) }, new Error('unplugged'));
      expectObservable(source.pipe(logMel())).toBe(
        '-x-#',
        { x: block(0, 1) },
        new Error('unplugged'),
      );
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('sends a sample that is not finite down as an error and leaves the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('  -a-b-a-|', {
        a: silence(400),
        b: { samples: Float32Array.of(0, Number.NaN) },
      });
      expectObservable(source.pipe(logMel())).toBe(
        '                    -x-#',
        { x: block(0, 1) },
        new PipelineError(
          'SYLSTREAM_ERR_AUDIO_NOT_FINITE',
          'expected finite samples in [-1, 1], got NaN at sample 401 (0.025 s); repair the recording or the format it is read with',
        ),
      );
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('leaves the source when its subscriber leaves', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('  -a-a-a-|', { a: silence(400) });
      expectObservable(source.pipe(logMel()), '^--!').toBe('-x--', { x: block(0, 1) });
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('shares nothing between two subscribers and gives both the golden frames', () => {
    const samples = clipSamples('kathleen-a0002');
    const golden = floats('kathleen-a0002.mel.f32');
    const mel$ = from(cutChunks(samples, 5)).pipe(logMel(), toArray());
    const runs: Float32Array[] = [];
    for (let i = 0; i < 2; i++) {
      mel$.subscribe((values) =>
        runs.push(join(values.flatMap((v) => (isControl(v) ? [] : [v.mel])))),
      );
    }
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[0]).toHaveLength(golden.length);
    expect(runs[0].every((value, i) => Math.abs(value - golden[i]) < 1e-3)).toBe(true);
  });
});
