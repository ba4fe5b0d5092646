import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastValueFrom, toArray } from 'rxjs';
import { createCachedEncoder } from '../../../src/models/encoder/cachedEncoder.ts';
import type { EncoderBackend } from '../../../src/models/encoder/encoder.ts';
import { createEncoderLanes } from '../../../src/models/encoder/encoderLanes.ts';
import { createEncoderFeed } from '../../../src/models/encoder/encoderFeed.ts';
import { writeTritonRepository } from '../../../src/models/encoder/tritonRepository.ts';
import { readBundle } from '../../../src/models/bundle/manifest.ts';
import { parseSafetensors } from '../../../src/models/bundle/safetensors.ts';
import type { Bundle } from '../../../src/models/bundle/bundle.ts';
import type { MelBlock } from '../../../src/core/types.ts';
import { encode } from '../../../src/operators/encode.ts';
import { logMel } from '../../../src/operators/logMel.ts';
import { fromPcm } from '../../../src/streams/fromPcm.ts';
import { fromWav } from '../../../src/streams/fromWav.ts';
import { loadModels } from '../../../src/models/loadModels.ts';
import { TINY_WAVE } from '../../helpers/bundles.ts';
import { longSpeech } from '../../helpers/pipeline.ts';
import { joinBlocks, maxDifference } from '../../helpers/rows.ts';

describe('an encoder that hears windows of the waveform', () => {
  let bundle: Bundle;
  let encoder: EncoderBackend;
  beforeAll(async () => {
    bundle = await readBundle(TINY_WAVE);
    encoder = await createCachedEncoder(bundle, { precision: 'fp32', workers: 1 });
  });
  afterAll(() => encoder.close());

  it('gives the features that Python finds window by window, the flush at the end too', async () => {
    const path = join(TINY_WAVE, 'golden/tensors.safetensors');
    const golden = parseSafetensors(readFileSync(path), path).get('features')!;
    const source = fromWav(join(TINY_WAVE, 'golden/speech.wav'));
    const blocks = await lastValueFrom(
      source.pipe(logMel({ wave: true }), encode(encoder, bundle.config), toArray()),
    );
    const { features, tokens } = joinBlocks(blocks);
    expect(tokens).toBe(golden.shape[0]);
    expect(maxDifference(features, golden.data as Float32Array)).toBeLessThan(1e-4);
  });

  it('gives the same bits in lanes', async () => {
    const { chunkTokens } = encoder.shape;
    const source = fromPcm(longSpeech(8));
    const blocks = await lastValueFrom(source.pipe(logMel({ wave: true }), toArray()));
    const feed = createEncoderFeed(encoder.shape, bundle.config.mel);
    const works = (blocks as MelBlock[]).flatMap((block) => feed.push(block));
    const rowsIn = async (laneTokens: number) => {
      const lanes = createEncoderLanes(encoder, { lanes: 3, laneTokens });
      const rows = await Promise.all(
        works.map((work) => lanes.push(work as Parameters<typeof lanes.push>[0])),
      );
      lanes.release();
      return rows.map(({ features }) => [...features]);
    };
    expect(await rowsIn(4 * chunkTokens)).toEqual(await rowsIn(1000 * chunkTokens));
  });

  it('is not offered to a Triton server', async () => {
    const expected = { code: 'SYLSTREAM_ERR_REMOTE', message: expect.stringContaining('windows') };
    const options = { precision: 'int8', sequences: 4, maxBatch: 1, device: 'cpu' } as const;
    await expect(writeTritonRepository(bundle, '/nowhere', options)).rejects.toMatchObject(
      expected,
    );
    const models = loadModels({ bundle: TINY_WAVE, triton: 'localhost:1', lm: false });
    await expect(models).rejects.toMatchObject(expected);
  });
});
