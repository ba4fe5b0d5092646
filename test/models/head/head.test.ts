import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadHead } from '../../../src/models/head/head.ts';
import { readBundle } from '../../../src/models/bundle/manifest.ts';
import { parseSafetensors } from '../../../src/models/bundle/safetensors.ts';
import { SMALL, TINY, TINY_HEAD } from '../../helpers/bundles.ts';
import { present } from '../../helpers/require.ts';

describe('loadHead', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sylstream-head-'));
    await cp(TINY_HEAD, folder, { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function change(edit: (value: Record<string, unknown>) => void): Promise<void> {
    const path = join(folder, 'head.json');
    const value = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    edit(value);
    await writeFile(path, JSON.stringify(value));
  }
  const refusal = async () =>
    loadHead(await readBundle(TINY), folder).then(
      () => 'loaded',
      ({ code }: { code: string }) => code,
    );

  it('reads a whole head, and answers for its bundle', async () => {
    const head = await loadHead(await readBundle(TINY), folder);
    expect(head).toMatchObject({ labels: ['left', 'right', 'neither'], windowMs: 600, hopMs: 200 });
    const one = await head.classify(new Float32Array(head.featureWidth));
    expect(one).toHaveLength(3);
    const other = await head.classify(new Float32Array(head.featureWidth).fill(1));
    expect(other).not.toEqual(one);
    expect(await head.classify(new Float32Array(head.featureWidth))).toEqual(one);
    await head.close();
  });

  it('says of the golden vectors what Python says', async () => {
    const golden = parseSafetensors(await readFile(join(folder, 'golden.safetensors')), 'golden');
    const { data: pooled, shape } = golden.get('pooled')!;
    const { data: wanted } = golden.get('probabilities')!;
    const head = await loadHead(await readBundle(TINY), folder);
    for (let row = 0; row < shape[0]; row++) {
      const vector = (pooled as Float32Array).subarray(row * shape[1], (row + 1) * shape[1]);
      const said = await head.classify(vector);
      said.forEach((value, c) => expect(value).toBeCloseTo(wanted[row * said.length + c], 5));
    }
    await head.close();
  });

  it("takes the bundle's own where none is named, and says so where there is none", async () => {
    await expect(loadHead(await readBundle(TINY))).rejects.toMatchObject({
      code: 'SYLSTREAM_ERR_BUNDLE_MISSING',
      message: expect.stringContaining('this bundle has none; name one (--head)'),
    });
    if (!present('bundle small', existsSync(SMALL))) return;
    const head = await loadHead(await readBundle(SMALL));
    expect(head).toMatchObject({ name: 'voice', labels: ['man', 'woman'], minSpeechMs: 200 });
    await head.close();
  });

  it('refuses a bundle that lists half of a head', async () => {
    const bundle = join(folder, 'bundle');
    await cp(TINY, bundle, { recursive: true });
    const path = join(bundle, 'manifest.json');
    const manifest = JSON.parse(await readFile(path, 'utf8')) as { files: object };
    const about = { bytes: 0, sha256: '0'.repeat(64) };
    const files = { ...manifest.files, 'head/head.json': about };
    await writeFile(path, JSON.stringify({ ...manifest, files }));
    await expect(readBundle(bundle)).rejects.toMatchObject({
      code: 'SYLSTREAM_ERR_BUNDLE_FORMAT',
      message: expect.stringContaining('head/head.onnx'),
    });
  });

  it('refuses another bundle than the one it was taught on', async () => {
    if (!present('bundle small', existsSync(SMALL))) return;
    await expect(loadHead(await readBundle(SMALL), folder)).rejects.toMatchObject({
      code: 'SYLSTREAM_ERR_BUNDLE_HASH',
      message: expect.stringContaining('teach it again'),
    });
  });

  it('names what is absent, damaged or not as the schema says', async () => {
    await appendFile(join(folder, 'head.onnx'), 'x');
    expect(await refusal()).toBe('SYLSTREAM_ERR_BUNDLE_HASH');
    await rm(join(folder, 'head.onnx'));
    expect(await refusal()).toBe('SYLSTREAM_ERR_BUNDLE_MISSING');
    await change((value) => (value.windowMs = 30));
    expect(await refusal()).toBe('SYLSTREAM_ERR_BUNDLE_FORMAT');
    await writeFile(join(folder, 'head.json'), '{');
    expect(await refusal()).toBe('SYLSTREAM_ERR_BUNDLE_FORMAT');
  });

  it('refuses a model with another number of classes than labels', async () => {
    await change((value) => (value.labels = ['left', 'right']));
    expect(await refusal()).toBe('SYLSTREAM_ERR_BUNDLE_SHAPE');
  });
});
