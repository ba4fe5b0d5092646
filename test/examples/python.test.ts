import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unitRecord } from '../../src/formats/jsonl.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { jsonLines } from '../helpers/cli.ts';
import { wholeUnits } from '../helpers/pipeline.ts';
import { predictedAfter } from '../helpers/predictions.ts';
import { PYTHON, pythonWith } from '../helpers/python.ts';
import { tinyModels, withServer } from '../helpers/server.ts';
import { clipSamples, fixture } from '../helpers/speech.ts';
import { cuttableProxy } from '../web/cuttableProxy.ts';

const FOLDER = resolve(import.meta.dirname, '../../examples/python');
const CLIP = 'kathleen-a0002';
const run = promisify(execFile);
const python = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  run(PYTHON, [...args], { cwd: FOLDER, env: { ...process.env, ...env } });

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
      const { stderr } = await python(['-m', 'unittest', 'discover']);
      expect(stderr).toMatch(/Ran \d+ tests[\s\S]*OK/);
    },
  );

  it('prints what `sylstream tokenize --split-pauses` prints, for a file and at another rate', async () => {
    const samples = clipSamples(CLIP);
    await withServer(models, { filePace: 8 }, async ({ streamUrl }) => {
      for (const rate of ['natural', 6.25] as const) {
        const args = ['--url', streamUrl, '--rate', String(rate), '--chunk-ms', '33.3'];
        const { stdout } = await python(['stream_wav.py', ...args, fixture(`${CLIP}.wav`)]);
        const expected = (await wholeUnits(samples, models, { rate })).map(unitRecord);
        expect(jsonLines(stdout)).toEqual(expected);
      }
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
        const { stdout, stderr } = await python(['stream_wav.py', ...args]);
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

  it('prints what the language model predicts, also after its connection was cut', async () => {
    const units = await wholeUnits(clipSamples(CLIP), models);
    await withServer(models, { livePace: 1.25 }, async ({ url }) => {
      const proxy = await cuttableProxy(url);
      const streamUrl = `${proxy.url.replace('http', 'ws')}v1/stream`;
      let cutting: NodeJS.Timeout | undefined;
      // From the connection on: a loaded machine takes seconds to start Python.
      void proxy.opened.then(() => (cutting = setTimeout(proxy.cut, 1500)));
      try {
        const args = ['--live', '--continuation', '1', '--url', streamUrl, fixture(`${CLIP}.wav`)];
        const { stdout, stderr } = await python(['stream_wav.py', ...args]);
        const lines = jsonLines<{ after: number; predicted: number[]; reason: string }>(stdout);
        const whole = lines.filter(({ reason }) => reason === 'done');
        expect(stderr).toMatch(/resumed/);
        expect(whole.length).toBeGreaterThan(3);
        expect(whole.at(-1)!.after).toBeGreaterThan(units.length / 2);
        for (const { after, predicted } of whole) {
          const own = await predictedAfter(models, units.slice(0, after + 1), { units: 300, seconds: 1, temperature: 0 }); // prettier-ignore
          expect(predicted).toEqual(own.map(({ id }) => id));
        }
      } finally {
        clearTimeout(cutting);
        proxy.close();
      }
    });
  });

  it('names the code of an error that ends it', async () => {
    await withServer(models, {}, async ({ streamUrl }) => {
      const args = ['stream_wav.py', '--url', streamUrl, '--rate', '49', fixture(`${CLIP}.wav`)];
      await expect(python(args)).rejects.toMatchObject({
        stderr: expect.stringContaining('docs/protocol.md#option'),
      });
    });
  });
});
