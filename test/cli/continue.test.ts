import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModels, type Models } from '../../src/models/loadModels.ts';
import { TINY } from '../helpers/bundles.ts';
import { ENGINE, jsonLines, sylstream } from '../helpers/cli.ts';
import { continuation } from '../helpers/lm.ts';
import { wholeUnits } from '../helpers/pipeline.ts';
import { clipSamples, fixture } from '../helpers/speech.ts';

const CLIP = fixture('kathleen-a0002.wav');

interface Line {
  readonly hypothesis: number;
  readonly after: number;
  readonly units: readonly number[];
  readonly logProbabilities: readonly number[];
}

describe('sylstream continue', () => {
  let models: Models;
  beforeAll(async () => {
    models = await loadModels({ bundle: TINY, workers: 1 });
  });
  afterAll(() => models.close());

  it('prints what the library gives, one line a continuation, about as long as asked', async () => {
    const args = ['--seconds', '3', '--n', '4', '--seed', '1', ...ENGINE];
    const { status, stdout, stderr } = await sylstream(['continue', CLIP, ...args]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = jsonLines<Line>(stdout);

    const units = await wholeUnits(clipSamples('kathleen-a0002'), models);
    const session = models.lm!.open();
    for (const unit of units) session.push(unit);
    const expected = await continuation(session, { seconds: 3, n: 4, seed: 1 });
    expect(lines.map(({ hypothesis }) => hypothesis)).toEqual([0, 1, 2, 3]);
    for (const { hypothesis, after, units: found, logProbabilities } of lines) {
      const own = expected.filter((one) => one.hypothesis === hypothesis);
      expect(after).toBe(units.length - 1);
      expect(found).toEqual(own.map(({ id }) => id));
      own.forEach((one, i) => expect(logProbabilities[i]).toBeCloseTo(one.logProbability, 3));
      expect(found.length).toBeGreaterThan(8);
      expect(found.length).toBeLessThan(30);
    }
  });

  it('prints numbers alone with --format text, the same for the same seed', async () => {
    const args = ['continue', CLIP, '--units', '5', '--n', '2', '--format', 'text', ...ENGINE];
    const [one, same] = [await sylstream(args), await sylstream(args)];
    expect(one.stdout).toMatch(/^([0-4] ){4}[0-4]\n([0-4] ){4}[0-4]\n$/);
    expect(same.stdout).toBe(one.stdout);
  });

  it.each([
    [['--n', '17'], /n must be a whole number from 1 to 16, got 17/],
    [['--seconds', '121'], /seconds must be above 0 and at most 120, got 121/],
    [['--seconds', '0'], /a number above 0, got "0"/],
    [['--top-p', '1.5'], /topP must be a number from 0 to 1, got 1\.5/],
    [['--temperature', 'hot'], /a number, got "hot"/],
    [['--seed', '-1'], /seed must be a whole number from 0/],
    [['--penalty', '0'], /penalty must be a number from 0\.1 to 10, got 0/],
    [['--format', 'csv'], /jsonl, text/],
  ])('ends with status 2 for %j', async (args, says) => {
    const { status, stdout, stderr } = await sylstream(['continue', CLIP, ...args, ...ENGINE]);
    expect(stderr).toMatch(/^SYLSTREAM_ERR_USAGE /);
    expect(stderr).toMatch(says);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });

  it('says so, with status 4, where the bundle has no language model', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sylstream-'));
    cpSync(TINY, folder, { recursive: true });
    const path = join(folder, 'manifest.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as { files: Record<string, object> };
    const files = Object.entries(manifest.files).filter(([name]) => !name.startsWith('lm/'));
    writeFileSync(path, JSON.stringify({ ...manifest, files: Object.fromEntries(files) }));
    const { status, stdout, stderr } = await sylstream(['continue', CLIP, '--bundle', folder]);
    expect({ status, stdout }).toEqual({ status: 4, stdout: '' });
    expect(stderr).toMatch(/^SYLSTREAM_ERR_BUNDLE_MISSING expected a language model/);
  });

  it('tells a recording that is not there', async () => {
    const { status, stderr } = await sylstream(['continue', 'absent.wav', ...ENGINE]);
    expect(status).toBe(3);
    expect(stderr).toMatch(/^SYLSTREAM_ERR_FILE_READ /);
  });
});
