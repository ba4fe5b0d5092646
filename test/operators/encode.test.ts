import { existsSync } from 'node:fs';
import {
  firstValueFrom,
  from,
  lastValueFrom,
  NEVER,
  of,
  Subject,
  throwError,
  toArray,
  type Observable,
} from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCachedEncoder } from '../../src/models/encoder/cachedEncoder.ts';
import type { EncoderBackend } from '../../src/models/encoder/encoder.ts';
import { readBundle } from '../../src/models/bundle/manifest.ts';
import type { Bundle } from '../../src/models/bundle/bundle.ts';
import { createWindowEncoder } from '../../src/models/encoder/windowEncoder.ts';
import { encode } from '../../src/operators/encode.ts';
import type { Control, FeatureBlock, MelBlock } from '../../src/core/types.ts';
import { samplesForTokens } from '../../src/core/time.ts';
import { BUNDLES, readGolden, type Golden } from '../helpers/bundles.ts';
import { present } from '../helpers/require.ts';
import { joinBlocks, maxDifference } from '../helpers/rows.ts';

/** Cuts a mel block at the given frames. */
function cut(block: MelBlock, at: readonly number[]): MelBlock[] {
  const edges = [0, ...at, block.frames];
  return edges.slice(1).map((end, i) => ({
    firstFrame: edges[i],
    frames: end - edges[i],
    mel: block.mel.subarray(edges[i] * 128, end * 128),
  }));
}

const scaled = (block: MelBlock, add: number): MelBlock => ({
  ...block,
  mel: block.mel.map((v) => v + add),
});
const bits = (values: Float32Array): Uint32Array => new Uint32Array(values.slice().buffer);

describe.each(
  BUNDLES.filter(([, directory]) =>
    present(directory.replace(/.*\//, 'bundle '), existsSync(directory)),
  ),
)('encode with bundle %s', (_, directory) => {
  let bundle: Bundle;
  let golden: Golden;
  const encoders: Partial<Record<'fp32' | 'int8' | 'window', EncoderBackend>> = {};

  beforeAll(async () => {
    bundle = await readBundle(directory);
    golden = readGolden(directory);
    encoders.fp32 = await createCachedEncoder(bundle, { precision: 'fp32', workers: 1 });
    encoders.int8 = await createCachedEncoder(bundle, { precision: 'int8', workers: 2 });
    encoders.window = await createWindowEncoder(bundle, { workers: 1 });
  });
  afterAll(() => Promise.all(Object.values(encoders).map((encoder) => encoder.close())));

  const run = async (backend: EncoderBackend, source: Observable<MelBlock | Control>) =>
    lastValueFrom(source.pipe(encode(backend, { mel: bundle.config.mel }), toArray()));

  it('equals the PyTorch network to 1e-4, the flushed end included (fp32)', async () => {
    const rows = joinBlocks(await run(encoders.fp32!, of(golden.mel)));
    expect(rows.tokens).toBe(Math.floor(golden.mel.frames / 2));
    expect(maxDifference(rows.features, golden.features)).toBeLessThan(1e-4);
    expect(maxDifference(rows.boundary, golden.boundary)).toBeLessThan(1e-4);
    expect(maxDifference(rows.speech, golden.speech)).toBeLessThan(1e-4);
  });

  it('equals the window-re-encoding form to 1e-4 (fp32)', async () => {
    const cached = joinBlocks(await run(encoders.fp32!, of(golden.mel)));
    const window = joinBlocks(await run(encoders.window!, of(golden.mel)));
    expect(maxDifference(cached.features, window.features)).toBeLessThan(1e-4);
    expect(maxDifference(cached.boundary, window.boundary)).toBeLessThan(1e-4);
  });

  it.each(['fp32', 'int8'] as const)(
    'gives the same bits for any grouping of frames (%s)',
    async (precision) => {
      const whole = joinBlocks(await run(encoders[precision]!, of(golden.mel)));
      for (const at of [
        [1],
        [15, 16, 17],
        [3, 50, 51, 52, 120],
        Array.from({ length: 60 }, (__, i) => i + 1),
      ]) {
        const parts = joinBlocks(await run(encoders[precision]!, from(cut(golden.mel, at))));
        expect(bits(parts.features)).toEqual(bits(whole.features));
        expect(bits(parts.boundary)).toEqual(bits(whole.boundary));
      }
    },
  );

  it.each(['fp32', 'int8'] as const)(
    'gives the same bits beside loud, silent and other streams (%s)',
    async (precision) => {
      const backend = encoders[precision]!;
      const alone = joinBlocks(await run(backend, of(golden.mel)));
      const before = backend.status();
      const mixed = await Promise.all([
        ...Array.from({ length: 12 }, (__, i) => run(backend, from(cut(golden.mel, [7 * i + 1])))),
        run(backend, of(scaled(golden.mel, 12))),
        run(backend, of({ ...golden.mel, mel: golden.mel.mel.map(() => -15.94) })),
        run(backend, of(scaled(golden.mel, -5))),
      ]);
      for (const blocks of mixed.slice(0, 12)) {
        expect(bits(joinBlocks(blocks).features)).toEqual(bits(alone.features));
      }
      const after = backend.status();
      const runs = after.batches.reduce((sum, n, b) => sum + (n - before.batches[b]), 0);
      expect((after.steps - before.steps) / runs).toBeGreaterThan(after.workers === 1 ? 8 : 4);
    },
  );

  it('goes on after a flush as if it had not been, and marks the flushed rows as scratch', async () => {
    const [a, b] = cut(golden.mel, [43]) as [MelBlock, MelBlock];
    const plain = joinBlocks(await run(encoders.fp32!, of(golden.mel)));
    const values = await run(
      encoders.fp32!,
      of<(MelBlock | Control)[]>(a, { control: 'flush', id: 7 }, b),
    );
    const flushAt = values.findIndex((value) => 'control' in value);
    const scratch = values[flushAt - 1] as FeatureBlock;
    expect(values[flushAt]).toEqual({ control: 'flush', id: 7 });
    expect(scratch.scratch).toBe(true);
    expect(scratch.firstToken + scratch.tokens).toBe(21);
    expect(scratch.availableSample).toBe(samplesForTokens(21));
    const steps = values.filter((value) => 'tokens' in value && !value.scratch) as FeatureBlock[];
    const last = values.at(-1) as FeatureBlock;
    expect(last.scratch).toBe(true);
    expect(bits(joinBlocks([...steps, last]).features)).toEqual(bits(plain.features));
  });

  it('says of every block when it could be known: at the end of its encoder chunk', async () => {
    const { chunkTokens, delayTokens } = bundle.config.encoder;
    const values = (await run(encoders.fp32!, of(golden.mel))) as FeatureBlock[];
    values.slice(0, -1).forEach((block, i) => {
      expect(block.availableSample).toBe(samplesForTokens((i + 1) * chunkTokens));
      expect(block.firstToken + block.tokens).toBe((i + 1) * chunkTokens - delayTokens);
    });
  });
});

describe('encode', () => {
  let bundle: Bundle;
  let encoder: EncoderBackend;
  let golden: Golden;
  beforeAll(async () => {
    bundle = await readBundle(BUNDLES[0][1]);
    golden = readGolden(BUNDLES[0][1]);
    encoder = await createCachedEncoder(bundle, { workers: 1 });
  });
  afterAll(() => encoder.close());
  const run = (source: Observable<MelBlock | Control>) =>
    source.pipe(encode(encoder, { mel: bundle.config.mel }));

  it('emits nothing for an empty stream, and passes a flush of nothing', async () => {
    expect(await lastValueFrom(run(from([])).pipe(toArray()))).toEqual([]);
    expect(await lastValueFrom(run(of({ control: 'flush' })).pipe(toArray()))).toEqual([
      { control: 'flush' },
    ]);
  });

  it('opens a session when it is subscribed to and releases it on completion, error and unsubscription', async () => {
    const streams = () => encoder.status().streams;
    const never = run(NEVER);
    expect(streams()).toBe(0);
    const subscription = never.subscribe();
    expect(streams()).toBe(1);
    subscription.unsubscribe();
    expect(streams()).toBe(0);
    await lastValueFrom(run(of(golden.mel)));
    expect(streams()).toBe(0);
    await expect(firstValueFrom(run(throwError(() => new Error('source'))))).rejects.toThrow(
      'source',
    );
    expect(streams()).toBe(0);
  });

  it('keeps two subscribers apart', async () => {
    const shared = run(of(golden.mel));
    const [a, b] = await Promise.all([
      lastValueFrom(shared.pipe(toArray())),
      lastValueFrom(shared.pipe(toArray())),
    ]);
    expect(joinBlocks(a)).toEqual(joinBlocks(b));
  });

  it('reports progress in samples as chunks are encoded', async () => {
    const progress: number[] = [];
    const options = {
      mel: bundle.config.mel,
      onProgress: (sample: number) => progress.push(sample),
    };
    await lastValueFrom(of(golden.mel).pipe(encode(encoder, options), toArray()));
    const { chunkTokens } = bundle.config.encoder;
    expect(progress).toEqual(
      Array.from({ length: Math.floor(golden.mel.frames / 2 / chunkTokens) }, (_, i) =>
        samplesForTokens((i + 1) * chunkTokens),
      ),
    );
  });

  it('fails a stream whose features are not finite, and only that one', async () => {
    const broken: MelBlock = {
      ...golden.mel,
      mel: golden.mel.mel.map((v, i) => (i === 4000 ? NaN : v)),
    };
    const [bad, good] = await Promise.allSettled([
      lastValueFrom(run(of(broken)).pipe(toArray())),
      lastValueFrom(run(of(golden.mel)).pipe(toArray())),
    ]);
    expect(bad.status).toBe('rejected');
    expect((bad as PromiseRejectedResult).reason).toMatchObject({ code: 'SYLSTREAM_ERR_ENCODER' });
    const alone = await lastValueFrom(run(of(golden.mel)).pipe(toArray()));
    expect((good as PromiseFulfilledResult<unknown>).value).toEqual(alone);
  });

  it('ends open streams with SYLSTREAM_ERR_CLOSED when the encoder is closed', async () => {
    const own = await createCachedEncoder(bundle, { workers: 1 });
    const chunks$ = new Subject<MelBlock>();
    const result = lastValueFrom(chunks$.pipe(encode(own, { mel: bundle.config.mel }), toArray()));
    await own.close();
    chunks$.next(golden.mel);
    await expect(result).rejects.toMatchObject({ code: 'SYLSTREAM_ERR_CLOSED' });
  });
});

describe('encode levels', () => {
  it('tells the mean log-mel energy of every token, in step with its features and across a flush', async () => {
    const bundle = await readBundle(BUNDLES[0][1]);
    const encoder = await createCachedEncoder(bundle, { workers: 1 });
    const { mel } = readGolden(BUNDLES[0][1]);
    const source = from<(MelBlock | Control)[]>([
      ...cut(mel, [101]).slice(0, 1),
      { control: 'flush' },
      ...cut(mel, [101]).slice(1),
    ]);
    const values = await lastValueFrom(
      source.pipe(encode(encoder, { mel: bundle.config.mel }), toArray()),
    );
    await encoder.close();
    for (const block of values) {
      if ('control' in block) continue;
      expect(block.level).toHaveLength(block.tokens);
      for (let i = 0; i < block.tokens; i++) {
        const at = (block.firstToken + i) * 256;
        const mean = mel.mel.subarray(at, at + 256).reduce((sum, value) => sum + value, 0) / 256;
        expect(block.level![i]).toBeCloseTo(mean, 3);
      }
    }
  });
});
