import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModels, type Models } from '../../src/models/loadModels.ts';
import { TINY } from '../helpers/bundles.ts';
import { ENGINE, jsonLines, sylstream } from '../helpers/cli.ts';
import { wholeUnits } from '../helpers/pipeline.ts';
import { clipSamples, fixture } from '../helpers/speech.ts';

const CLIPS = ['kathleen-a0002', 'kerstin-0013'] as const;
const FILES = CLIPS.map((name) => fixture(`${name}.wav`));

interface Line {
  readonly file: string;
  readonly units: number;
  readonly mean: number | null;
  readonly logProbability: number;
  readonly end: number;
  readonly ids?: readonly number[];
  readonly logProbabilities?: readonly number[];
}

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

describe('sylstream score', () => {
  let models: Models;
  beforeAll(async () => {
    models = await loadModels({ bundle: TINY, workers: 1 });
  });
  afterAll(() => models.close());

  it("prints the library's score of each recording, in the order of the command line", async () => {
    const { status, stdout, stderr } = await sylstream(['score', '--each', ...FILES, ...ENGINE]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = jsonLines<Line>(stdout);
    expect(lines.map(({ file }) => file)).toEqual(FILES);
    for (const [i, name] of CLIPS.entries()) {
      const ids = (await wholeUnits(clipSamples(name), models)).map(({ id }) => id);
      const { logProbabilities, end } = await models.lm!.score(ids);
      const spoken = logProbabilities.filter((_, n) => ids[n] !== 0);
      expect(lines[i].ids).toEqual(ids);
      expect(lines[i].units).toBe(spoken.length);
      expect(lines[i].mean).toBeCloseTo(sum(spoken) / spoken.length, 3);
      expect(lines[i].logProbability).toBeCloseTo(sum(logProbabilities) + end, 3);
      expect(lines[i].end).toBeCloseTo(end, 3);
      lines[i].logProbabilities!.forEach((value, n) =>
        expect(value).toBeCloseTo(logProbabilities[n], 3),
      );
    }
  });

  it('goes on after a recording that is not there, with its status', async () => {
    const files = [FILES[0], 'absent.wav', FILES[1]];
    const { status, stdout, stderr } = await sylstream(['score', ...files, ...ENGINE]);
    expect(status).toBe(3);
    expect(stderr).toMatch(/^SYLSTREAM_ERR_FILE_READ .*absent\.wav/);
    const lines = jsonLines<Line>(stdout);
    expect(lines.map(({ file }) => file)).toEqual(FILES);
    expect(lines[0].ids).toBeUndefined();
  });
});
