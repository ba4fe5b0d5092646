import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBundle } from '../../../src/models/bundle/manifest.ts';
import { readCodebook } from '../../../src/models/codebook/readCodebook.ts';
import { seeded } from '../../helpers/cuts.ts';
import { TINY } from '../../helpers/bundles.ts';
import { safetensorsOf } from '../../helpers/safetensors.ts';

describe('readCodebook', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'sylstream-codebook-'))));
  afterEach(() => rm(folder, { recursive: true }));

  const random = seeded(9);
  const floats = (...shape: number[]) => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random() - 0.5),
  });
  const tensors = (K: number, D: number, H = 6, P = 3) => ({
    'projection.0.weight': floats(H, D),
    'projection.0.bias': floats(H),
    'projection.2.weight': floats(P, H),
    'projection.2.bias': floats(P),
    centroids: floats(K, P),
    units: { shape: [K], data: Int32Array.from({ length: K }, (_, k) => 1 + (k % 2)) },
  });

  async function read(
    change: (stored: Record<string, unknown>, K: number, D: number) => void = () => {},
  ) {
    const { config, ...bundle } = await readBundle(TINY);
    const [K, D] = [config.units.centroids, config.encoder.featureWidth];
    const stored = tensors(K, D);
    change(stored, K, D);
    await writeFile(join(folder, 'codebook.safetensors'), safetensorsOf(stored));
    return { stored, D, codebook: await readCodebook({ ...bundle, config, directory: folder }) };
  }

  it('names segments behind the projection that the file holds', async () => {
    const { stored, D, codebook } = await read();
    const layer = (n: 0 | 2, x: readonly number[]) =>
      Array.from(stored[`projection.${n}.bias`].data, (bias, row) =>
        x.reduce(
          (sum, value, i) =>
            sum + value * stored[`projection.${n}.weight`].data[row * x.length + i],
          bias,
        ),
      );
    const found = new Set<number>();
    for (let trial = 0; trial < 40; trial++) {
      const vector = Float32Array.from({ length: D }, () => random() - 0.5);
      const mean = vector.reduce((a, b) => a + b) / D;
      const deviation = Math.sqrt(vector.reduce((sum, x) => sum + (x - mean) ** 2, 0) / D);
      const standard = Array.from(vector, (x) => (x - mean) / (deviation + 1e-5));
      const point = layer(
        2,
        layer(0, standard).map((x) => Math.max(0, x)),
      );
      const distances = Array.from(stored.units.data, (_, k) =>
        Math.hypot(...point.map((x, p) => x - stored.centroids.data[k * point.length + p])),
      );
      const id = stored.units.data[distances.indexOf(Math.min(...distances))];
      expect(codebook.assign(vector).id).toBe(id);
      found.add(id);
    }
    expect(found.size).toBe(2);
  });

  it.each<[string, (stored: Record<string, unknown>, K: number, D: number) => void, RegExp]>([
    [
      'a layer missing',
      (stored) => void delete stored['projection.2.weight'],
      /expected projection\.2\.weight F16 \[3, 6\], found \[none\]/,
    ],
    [
      'a layer for other features',
      (stored, _, D) => void (stored['projection.0.weight'] = floats(6, D + 1)),
      /expected projection\.0\.weight F16 \[6, 32\], found \[6, 33\]/,
    ],
    [
      'centroids of the features',
      (stored, K, D) => void (stored['centroids'] = floats(K, D)),
      /expected centroids F16 \[8, 3\], found \[8, 32\]/,
    ],
    [
      'a number that is none',
      (stored) =>
        void (stored['projection.0.bias'] = { shape: [6], data: new Float32Array(6).fill(NaN) }),
      /expected finite numbers in projection\.0\.bias/,
    ],
    [
      'a unit too many',
      (stored, K) => void (stored['units'] = { shape: [K], data: new Int32Array(K).fill(99) }),
      /expected units from 1 to \d+, found 99 to 99/,
    ],
  ])('refuses %s', async (_, change, message) => {
    await expect(read(change)).rejects.toMatchObject({
      code: 'SYLSTREAM_ERR_BUNDLE_SHAPE',
      message: expect.stringMatching(message),
    });
  });
});
