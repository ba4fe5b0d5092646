import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModels } from '../../src/models/loadModels.ts';
import { wholeUnits } from '../helpers/pipeline.ts';
import { speakingBundle } from '../helpers/speakingBundle.ts';
import { clipSamples, fixture } from '../helpers/speech.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CLIP = 'kathleen-a0004';

/** Runs the parrot on a recording; its standard output, in bytes. */
const parrot = (...args: string[]) =>
  promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', 'examples/node/parrot.ts', '--file', fixture(`${CLIP}.wav`), ...args],
    { cwd: ROOT, encoding: 'buffer', maxBuffer: 1 << 24 },
  );

describe('examples/node/parrot.ts', { timeout: 120_000 }, () => {
  let bundle: string;
  beforeAll(() => {
    bundle = speakingBundle();
  });
  afterAll(() => rmSync(bundle, { recursive: true }));

  it('says a recording again, as long as its units are', async () => {
    const { stdout, stderr } = await parrot('--bundle', bundle, '--voice', 'two');
    expect(stderr.toString()).toBe('');
    const models = await loadModels({ bundle, workers: 1, lm: false });
    const units = await wholeUnits(clipSamples(CLIP), models);
    await models.close();
    const samples = units.at(-1)!.end - units[0].start;
    expect(stdout.length / 2).toBe(160 * Math.ceil(samples / 160));
    expect(stdout.some((byte) => byte !== 0)).toBe(true);
  });

  it('says which voices there are where one is not', async () => {
    await expect(parrot('--bundle', bundle, '--voice', 'three')).rejects.toMatchObject({
      code: 1,
      stderr: Buffer.from('expected a voice among one, two, got "three"\n'),
    });
  });
});
