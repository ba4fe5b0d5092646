import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBundle } from '../../../src/models/bundle/manifest.ts';
import { writeTritonRepository } from '../../../src/models/encoder/tritonRepository.ts';
import { TINY } from '../../helpers/bundles.ts';

describe('writeTritonRepository', () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'sylstream-repository-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('writes the step model, the program and a configuration that knows the outputs', async () => {
    const bundle = await readBundle(TINY);
    const options = { precision: 'fp32', sequences: 7, maxBatch: 5, device: 'gpu' } as const;
    await writeTritonRepository(bundle, folder, options);
    await writeTritonRepository(bundle, folder, options); // over itself
    const config = readFileSync(join(folder, 'sylstream/config.pbtxt'), 'utf8');
    expect(config).toMatch(/max_batch_size: 5\b[^]*max_candidate_sequences: 7 [^]*KIND_GPU/);
    for (const name of bundle.config.encoder.outputs) expect(config).toContain(`name: "${name}"`);
    const version = join(folder, 'sylstream/1');
    const programs = ['arena.py', 'model.py', 'processor.py', 'slots.py', 'sylstream.json'];
    expect(readdirSync(version)).toEqual(expect.arrayContaining([...programs, 'step.onnx']));
    const told = JSON.parse(readFileSync(join(version, 'sylstream.json'), 'utf8')) as object;
    expect(told).toMatchObject({
      bundle: bundle.hash,
      precision: 'fp32',
      model: 'step.onnx',
      sequences: 7,
    });
  });
});
