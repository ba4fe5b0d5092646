import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unitRecord } from '../../src/formats/jsonl.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { jsonLines } from '../helpers/cli.ts';
import { wholeUnits } from '../helpers/pipeline.ts';
import { pythonExample, pythonWith } from '../helpers/python.ts';
import { tinyModels, withServer } from '../helpers/server.ts';
import { clipSamples, fixture } from '../helpers/speech.ts';
import { cuttableProxy } from '../web/cuttableProxy.ts';

const CLIP = 'kathleen-a0002';
const hasClient = pythonWith('websockets, msgpack');

describe.runIf(hasClient)('the Python client', { timeout: 120_000 }, () => {
  let models: Models;

  beforeAll(async () => {
    models = await tinyModels();
  });
  afterAll(() => models.close());

  it.runIf(pythonWith('yaml, jsonschema'))(
    'passes its own tests on the golden messages',
    async () => {
      const { stderr } = await pythonExample([
        '-m',
        'unittest',
        'discover',
        '-s',
        '../../packages/python/tests',
      ]);
      expect(stderr).toMatch(/Ran \d+ tests[\s\S]*OK/);
    },
  );

  it('prints what `sylstream tokenize --split-pauses` prints, for a file and at another rate', async () => {
    const samples = clipSamples(CLIP);
    await withServer(models, { filePace: 8 }, async ({ streamUrl }) => {
      for (const rate of ['natural', 6.25] as const) {
        const args = ['--url', streamUrl, '--rate', String(rate), '--chunk-ms', '33.3'];
        const { stdout } = await pythonExample(['stream_wav.py', ...args, fixture(`${CLIP}.wav`)]);
        const expected = (await wholeUnits(samples, models, { rate })).map(unitRecord);
        expect(jsonLines(stdout)).toEqual(expected);
      }
    });
  });

  it('prints the same without asyncio', async () => {
    const units = await wholeUnits(clipSamples(CLIP), models);
    await withServer(models, { filePace: 8 }, async ({ streamUrl }) => {
      const { stdout } = await pythonExample([
        'units_of_wav.py',
        fixture(`${CLIP}.wav`),
        streamUrl,
      ]);
      const printed = stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ').map(Number));
      expect(printed).toEqual(
        units.map(({ id, start, end }) => [id, start / 16_000, end / 16_000]),
      );
    });
  });

  it('loses and repeats nothing when its connection is cut again and again', async () => {
    const expected = (await wholeUnits(clipSamples(CLIP), models)).map(unitRecord);
    await withServer(models, { livePace: 1.25 }, async ({ url }) => {
      const proxy = await cuttableProxy(url);
      const streamUrl = `${proxy.url.replace('http', 'ws')}v1/stream`;
      const cutting = setInterval(proxy.cut, 700);
      try {
        const args = ['--live', '--partials', '--url', streamUrl, fixture(`${CLIP}.wav`)];
        const { stdout, stderr } = await pythonExample(['stream_wav.py', ...args]);
        const lines = jsonLines<Record<string, unknown>>(stdout);
        expect(lines.filter((line) => 'index' in line)).toEqual(expected);
        expect(lines.some((line) => 'provisional' in line)).toBe(true);
        expect(stderr.match(/resumed/g)!.length).toBeGreaterThanOrEqual(2);
      } finally {
        clearInterval(cutting);
        proxy.close();
      }
    });
  });

  it('names the code of an error that ends it', async () => {
    await withServer(models, {}, async ({ streamUrl }) => {
      const args = ['stream_wav.py', '--url', streamUrl, '--rate', '49', fixture(`${CLIP}.wav`)];
      await expect(pythonExample(args)).rejects.toMatchObject({
        stderr: expect.stringContaining('docs/protocol.md#option'),
      });
    });
  });
});
