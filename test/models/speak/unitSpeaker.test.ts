import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readBundle } from '../../../src/models/bundle/manifest.ts';
import { loadModels } from '../../../src/models/loadModels.ts';
import { checkSpeakGolden } from '../../../src/models/speak/checkSpeakGolden.ts';
import type { SpeakConfig } from '../../../src/models/speak/speakConfig.ts';
import { createUnitSpeaker } from '../../../src/models/speak/unitSpeaker.ts';
import { TINY } from '../../helpers/bundles.ts';
import { speakingBundle } from '../../helpers/speakingBundle.ts';

const made: string[] = [];
const bundleWith = (change?: (folder: string) => void): string => {
  const folder = speakingBundle(change);
  made.push(folder);
  return folder;
};

/** Changes what config.json says. */
const saying =
  (change: (config: SpeakConfig) => object) =>
  (folder: string): void => {
    const path = join(folder, 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as SpeakConfig;
    writeFileSync(path, JSON.stringify({ ...config, ...change(config) }));
  };

describe('createUnitSpeaker', () => {
  afterEach(() => made.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

  it('gives the frames that PyTorch gives, to the precision of halves', async () => {
    const bundle = await readBundle(bundleWith());
    const speaker = await createUnitSpeaker(bundle);
    const { units, frames, largest } = await checkSpeakGolden(bundle, speaker);
    await speaker.close();
    expect({ units, frames }).toEqual({ units: 4, frames: 52 });
    expect(largest).toBeLessThan(0.01);
  });

  it('comes with the models that ask for it, and closes with them', async () => {
    const folder = bundleWith();
    const models = await loadModels({ bundle: folder, workers: 1, lm: false, speak: true });
    expect(models.speaker?.voices).toEqual(['one', 'two']);
    const session = models.speaker!.open();
    await models.close();
    const job = {
      units: [5, 5, 1, 5],
      fine: [0, 0, 0, 0],
      lengths: [0, 0, 1, 0],
      places: Float32Array.of(0, 1),
    };
    await expect(session.frames(job)).rejects.toMatchObject({ code: 'SYLSTREAM_ERR_CLOSED' });
    expect(() => models.speaker!.open()).toThrow(/models were closed/);
  });

  it('says so where the bundle cannot speak', async () => {
    const failed = expect.objectContaining({
      code: 'SYLSTREAM_ERR_BUNDLE_MISSING',
      message: expect.stringMatching(/a vocoder \(speak\/\)/) as string,
    });
    await expect(createUnitSpeaker(await readBundle(TINY))).rejects.toEqual(failed);
    await expect(loadModels({ bundle: TINY, workers: 1, speak: true })).rejects.toEqual(failed);
  });

  it.each<[string, (folder: string) => void, string, RegExp]>([
    [
      'another codebook',
      saying(() => ({ codebook: '0'.repeat(64) })),
      'HASH',
      /again for this codebook/,
    ],
    [
      'too few lengths',
      saying(() => ({ usualTokens: [1, 2] })),
      'FORMAT',
      /must have 5 numbers, has 2/,
    ],
    [
      'finer names of another codebook',
      saying(() => ({ fine: 7 })),
      'FORMAT',
      /fine must be 8, the codebook's centroids, is 7/,
    ],
    ['no voice', saying(() => ({ voices: [] })), 'FORMAT', /voices/],
    [
      'a length of nothing',
      saying(() => ({ usualTokens: [1, 0, 1, 1, 1] })),
      'FORMAT',
      /usualTokens/,
    ],
    [
      'another network',
      (folder) =>
        writeFileSync(join(folder, 'frames.onnx'), readFileSync(join(TINY, 'onnx/window.onnx'))),
      'PROVIDER',
      /frames\.onnx/,
    ],
  ])('refuses %s by name', async (_, change, code, says) => {
    const bundle = await readBundle(bundleWith(change));
    const speaker = createUnitSpeaker(bundle);
    await expect(speaker).rejects.toMatchObject({
      code: expect.stringContaining(code) as string,
      message: expect.stringMatching(says) as string,
    });
  });
});
