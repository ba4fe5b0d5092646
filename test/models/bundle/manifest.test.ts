import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUnitLm } from '../../../src/models/lm/createUnitLm.ts';
import { loadModels } from '../../../src/models/loadModels.ts';
import { bundleHash, readBundle } from '../../../src/models/bundle/manifest.ts';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { TINY } from '../../helpers/bundles.ts';

describe('readBundle', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sylstream-bundle-'));
    await cp(TINY, folder, { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Changes a JSON file of the bundle, and its entry in the manifest so that only the content is wrong. */
  async function change(path: string, edit: (value: Record<string, any>) => void): Promise<void> {
    const full = join(folder, path);
    const value = JSON.parse(await readFile(full, 'utf8')) as Record<string, any>;
    edit(value);
    const text = JSON.stringify(value);
    await writeFile(full, text);
    if (path !== 'manifest.json') {
      await change('manifest.json', ({ files }) => {
        files[path] = {
          bytes: Buffer.byteLength(text),
          sha256: createHash('sha256').update(text).digest('hex'),
        };
      });
    }
  }

  it('reads a whole bundle; its hash is what sha256sum makes of the file list', async () => {
    const bundle = await readBundle(folder);
    expect(bundle.manifest.format).toBe('sylstream-bundle');
    expect(bundle.config.encoder.outputs).toContain('features');
    const list = execFileSync(
      'sh',
      [
        '-c',
        'find . -type f ! -name manifest.json ! -name README.md | sed "s|^./||" | LC_ALL=C sort | xargs sha256sum | sha256sum',
      ],
      { cwd: folder, encoding: 'utf8' },
    );
    expect(bundle.hash).toBe(list.slice(0, 64));
    expect(bundleHash(bundle.manifest)).toBe(bundle.hash);
  });

  const failure = async () =>
    readBundle(folder).then(
      () => 'loaded',
      ({ code, message }: { code: string; message: string }) => ({ code, message }),
    );

  it('names a folder that is not there', async () => {
    await expect(readBundle(join(folder, 'none'))).rejects.toMatchObject({
      code: 'SYLSTREAM_ERR_BUNDLE_MISSING',
      message: expect.stringContaining(join(folder, 'none', 'manifest.json')),
    });
  });

  it('names a file that is listed and not there', async () => {
    await rm(join(folder, 'codebook.safetensors'));
    expect(await failure()).toMatchObject({
      code: 'SYLSTREAM_ERR_BUNDLE_MISSING',
      message: expect.stringContaining('codebook.safetensors'),
    });
  });

  it('refuses a file that changed in content or in size, naming both hashes', async () => {
    const path = join(folder, 'codebook.safetensors');
    const bytes = await readFile(path);
    bytes[bytes.length - 1] ^= 1;
    await writeFile(path, bytes);
    expect(await failure()).toMatchObject({
      code: 'SYLSTREAM_ERR_BUNDLE_HASH',
      message: expect.stringMatching(
        /codebook\.safetensors is damaged: expected \d+ bytes with SHA-256 [0-9a-f]{64}/,
      ),
    });
    await appendFile(path, 'x');
    expect(await failure()).toMatchObject({ code: 'SYLSTREAM_ERR_BUNDLE_HASH' });
  });

  it.each([
    [
      'manifest.json',
      (v: Record<string, any>) => (v['format'] = 'other'),
      /manifest\.json: \/format/,
    ],
    [
      'manifest.json',
      (v: Record<string, any>) => delete v['files']['config.json'],
      /must list config\.json/,
    ],
    [
      'manifest.json',
      (v: Record<string, any>) => (v['files']['../../x'] = { bytes: 1, sha256: '0'.repeat(64) }),
      /\.\.\/x.*inside its folder/,
    ],
    [
      'config.json',
      (v: Record<string, any>) => delete v['encoder']['layers'],
      /config\.json: \/encoder .*layers/,
    ],
    ['config.json', (v: Record<string, any>) => (v['mel']['std'] = 0), /\/mel\/std/],
    [
      'config.json',
      (v: Record<string, any>) => (v['boundaries']['rates'] = v['boundaries']['rates'].slice(1)),
      /natural/,
    ],
    [
      'config.json',
      (v: Record<string, any>) => v['encoder']['alibiSlopes'].push(1),
      /one slope a head/,
    ],
    [
      'config.json',
      (v: Record<string, any>) => (v['encoder']['windowTokens'] = 17),
      /multiple of chunkTokens/,
    ],
  ])('refuses a %s that does not follow the format (%#)', async (path, edit, message) => {
    await change(path, edit);
    expect(await failure()).toMatchObject({
      code: 'SYLSTREAM_ERR_BUNDLE_FORMAT',
      message: expect.stringMatching(message),
    });
  });

  it('refuses JSON that is none', async () => {
    await writeFile(join(folder, 'manifest.json'), '{');
    expect(await failure()).toMatchObject({ code: 'SYLSTREAM_ERR_BUNDLE_FORMAT' });
  });

  it('refuses a codebook of another shape than the config says, and a precision that is none', async () => {
    await change('config.json', (v) => (v['units']['centroids'] = 9));
    await expect(loadModels({ bundle: folder })).rejects.toMatchObject({
      code: 'SYLSTREAM_ERR_BUNDLE_SHAPE',
      message: expect.stringMatching(/centroids F16 \[9, 32\], found \[8, 32\]/),
    });
    await expect(loadModels({ bundle: folder, precision: 'fp16' as 'fp32' })).rejects.toThrow(
      TypeError,
    );
  });

  it('reads the language model where there is one, and needs none', async () => {
    expect((await readBundle(folder)).lm).toMatchObject({ rate: 'natural', windowUnits: 16 });
    await change('manifest.json', ({ files }) => {
      for (const path of Object.keys(files)) if (path.startsWith('lm/')) delete files[path];
    });
    const bundle = await readBundle(folder);
    expect(bundle.lm).toBeUndefined();
    await expect(createUnitLm(bundle)).rejects.toMatchObject({
      code: 'SYLSTREAM_ERR_BUNDLE_MISSING',
      message: expect.stringContaining('lm/step_int8.onnx'),
    });
  });

  it('refuses a language model of another codebook, naming both', async () => {
    await change('lm/config.json', (lm) => (lm['codebook'] = 'a'.repeat(64)));
    const { files } = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
    const { code, message } = (await failure()) as { code: string; message: string };
    expect(code).toBe('SYLSTREAM_ERR_BUNDLE_HASH');
    expect(message).toContain('a'.repeat(64));
    expect(message).toContain(files['codebook.safetensors'].sha256);
  });

  it.each([
    ['vocabulary', 7, 'vocabulary must be 6'],
    ['alibiSlopes', [0.5], 'alibiSlopes needs one slope a head'],
    ['kvHeads', 4, 'heads must be a multiple of kvHeads'],
    ['rate', 'fast', 'rate must be one of boundaries.rates'],
    ['windowUnits', 20, 'must be multiple of 8'],
    ['layers', 0, '/layers'],
  ])('refuses a language model whose %s is %j', async (field, value, words) => {
    await change('lm/config.json', (lm) => (lm[field] = value));
    expect(await failure()).toMatchObject({
      code: 'SYLSTREAM_ERR_BUNDLE_FORMAT',
      message: expect.stringContaining(words),
    });
  });

  it('refuses a language model whose tensors are of another shape than its config says', async () => {
    await change('lm/config.json', (lm) => (lm['windowUnits'] = 24));
    await expect(loadModels({ bundle: folder, workers: 1 })).rejects.toMatchObject({
      code: 'SYLSTREAM_ERR_BUNDLE_SHAPE',
      message: expect.stringMatching(/lm.step_int8.onnx.*past_age.*\[B,24\].*\[B,16\]/),
    });
  });
});
