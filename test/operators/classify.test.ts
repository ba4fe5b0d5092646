import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { concat, defer, from, lastValueFrom, of, throwError, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Head, loadHead } from '../../src/models/head/head.ts';
import { loadModels, type Models } from '../../src/models/loadModels.ts';
import { parseSafetensors } from '../../src/models/bundle/safetensors.ts';
import {
  type Classification,
  classify,
  type ClassifyOptions,
} from '../../src/operators/classify.ts';
import { encode } from '../../src/operators/encode.ts';
import { logMel } from '../../src/operators/logMel.ts';
import { fromWav } from '../../src/streams/fromWav.ts';
import type { Control, FeatureBlock, PcmChunk } from '../../src/core/types.ts';
import { TINY, TINY_HEAD } from '../helpers/bundles.ts';
import { cutChunks, joinChunks } from '../helpers/cuts.ts';
import { madeUp } from '../helpers/features.ts';
import { marbles } from '../helpers/marbles.ts';

const SPEECH = join(TINY, 'golden/speech.wav');

describe('classify', () => {
  let models: Models;
  let head: Head;
  beforeAll(async () => {
    models = await loadModels({ bundle: TINY, workers: 1 });
    head = await loadHead(models.bundle, TINY_HEAD);
  });
  afterAll(async () => {
    await head.close();
    await models.close();
  });

  const hear = (chunks: Iterable<PcmChunk | Control>, options?: ClassifyOptions) =>
    lastValueFrom(
      from([...chunks]).pipe(
        logMel(),
        encode(models.encoder, { mel: models.bundle.config.mel }),
        classify(head, options),
        toArray(),
      ),
    );
  const speech = async (): Promise<Float32Array> =>
    joinChunks(await lastValueFrom(fromWav(SPEECH).pipe(toArray())));

  it('says of the golden recording what Python says', async () => {
    const path = join(TINY_HEAD, 'golden.safetensors');
    const golden = parseSafetensors(readFileSync(path), path);
    const { data: windows } = golden.get('windows')!;
    const { data: wanted, shape } = golden.get('probabilities')!;
    const said = await hear([{ samples: await speech() }]);
    expect(said.map(({ start, end }) => [start / 320, (end - 240) / 320])).toEqual(
      Array.from({ length: shape[0] }, (_, n) => [windows[2 * n], windows[2 * n + 1]]),
    );
    const found = said.flatMap(({ probabilities }) => [...probabilities]);
    // The front ends differ by up to 1e-3, which moves some activations to the next of 255 steps.
    for (const [i, value] of found.entries())
      expect(Math.abs(value - wanted[i])).toBeLessThan(0.02);
    expect(new Set(said.map(({ label }) => label)).size).toBeGreaterThan(1);
    for (const { label, probability, probabilities } of said) {
      expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
      expect(probabilities[head.labels.indexOf(label!)]).toBe(probability);
      expect(Math.max(...probabilities)).toBe(probability);
    }
  });

  it('says the same however the audio is cut, bit for bit, decided included', async () => {
    const samples = await speech();
    const whole = await hear([{ samples }]);
    for (const seed of [1, 2, 3]) expect(await hear(cutChunks(samples, seed))).toEqual(whole);
    const flushed = (seed: number): (PcmChunk | Control)[] => [
      ...cutChunks(samples.subarray(0, 20_000), seed),
      { control: 'flush' },
      ...cutChunks(samples.subarray(20_000), seed),
    ];
    const once = await hear(flushed(4));
    expect(await hear(flushed(5))).toEqual(once);
    expect(once.length).toBeGreaterThan(whole.length);
  });

  it('hears speech alone where the head says so, however the audio is cut', async () => {
    const speech16 = await speech();
    const quiet = new Float32Array(speech16.length + 32_000);
    quiet.set(speech16);
    const picky: Head = { ...head, minSpeechMs: 200 };
    const hearPicky = (chunks: Iterable<PcmChunk | Control>) =>
      lastValueFrom(
        from([...chunks]).pipe(
          logMel(),
          encode(models.encoder, { mel: models.bundle.config.mel }),
          classify(picky),
          toArray(),
        ),
      );
    const whole = await hearPicky([{ samples: quiet }]);
    for (const seed of [1, 2]) expect(await hearPicky(cutChunks(quiet, seed))).toEqual(whole);
    expect(new Set(whole.map(({ heard }) => heard)).size).toBeGreaterThan(1);
    for (const { label, probability, probabilities, heard } of whole) {
      expect(label === null).toBe(heard < 3200);
      expect(probability === null).toBe(label === null);
      expect(probabilities).toHaveLength(label === null ? 0 : 3);
    }
  });

  it('takes window and hop from the options', async () => {
    const samples = await speech();
    const said = await hear([{ samples }], { windowMs: 1000, hopMs: 100 });
    expect(said[0]).toMatchObject({ start: 0, end: 320 * 50 + 240 });
    expect(said[1].start - said[0].start).toBe(1600);
  });

  it('shares nothing between two subscribers', async () => {
    const block = madeUp({ tokens: 95, width: 32, seed: 1 });
    const said$ = of(block).pipe(classify(head), toArray());
    const runs: Classification[][] = await Promise.all([
      lastValueFrom(said$),
      lastValueFrom(said$),
    ]);
    expect(runs[0]).toHaveLength(8);
    expect(runs[1]).toEqual(runs[0]);
  });

  it('emits nothing for an empty source and one that never speaks', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold<FeatureBlock>('--|').pipe(classify(head))).toBe('--|');
      expectObservable(cold<FeatureBlock>('-').pipe(classify(head))).toBe('-');
    });
  });

  it('passes a source error on, after what came before it', async () => {
    const block = madeUp({ tokens: 30, width: 32, seed: 2 });
    const said: Classification[] = [];
    const source = concat(
      of(block),
      defer(() => throwError(() => new Error('unplugged'))),
    );
    const failed = lastValueFrom(source.pipe(classify(head), toArray()));
    await expect(failed).rejects.toThrow('unplugged');
    await new Promise<void>((done) => {
      source.pipe(classify(head)).subscribe({ next: (one) => said.push(one), error: () => done() });
    });
    expect(said.length).toBeLessThanOrEqual(1);
  });

  it('sends its own error down and leaves the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-a-|', {
        a: { ...madeUp({ tokens: 5, width: 32, seed: 3 }), firstToken: 7 },
      });
      expectObservable(source.pipe(classify(head))).toBe(
        '-#',
        undefined,
        expect.objectContaining({ code: 'SYLSTREAM_ERR_ENCODER' }),
      );
      expectSubscriptions(source.subscriptions).toBe('^!');
    });
  });

  it('leaves the source when its subscriber leaves', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold<FeatureBlock>('-----|');
      expectObservable(source.pipe(classify(head)), '^-!').toBe('---');
      expectSubscriptions(source.subscriptions).toBe('^-!');
    });
  });

  it('throws for a wrong option at once', () => {
    expect(() => classify(head, { windowMs: 30 })).toThrow('windowMs must be a multiple of 20');
    expect(() => classify(head, { hopMs: 0 })).toThrow(RangeError);
    expect(() => classify(head, { hopMs: '20' as never })).toThrow(TypeError);
  });
});
