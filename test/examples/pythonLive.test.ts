import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Models } from '../../src/models/loadModels.ts';
import { jsonLines } from '../helpers/cli.ts';
import { wholeUnits } from '../helpers/pipeline.ts';
import { predictedAfter } from '../helpers/predictions.ts';
import { pythonExample, pythonWith } from '../helpers/python.ts';
import { tinyModels, withServer } from '../helpers/server.ts';
import { clipSamples, fixture } from '../helpers/speech.ts';
import { cuttableProxy } from '../web/cuttableProxy.ts';

const CLIP = 'kathleen-a0002';

describe.runIf(pythonWith('websockets, msgpack'))(
  'the Python client, live',
  { timeout: 120_000 },
  () => {
    let models: Models;

    beforeAll(async () => {
      models = await tinyModels();
    });
    afterAll(() => models.close());

    it('prints what the language model predicts, also after its connection was cut', async () => {
      const units = await wholeUnits(clipSamples(CLIP), models);
      await withServer(models, { livePace: 1.25 }, async ({ url }) => {
        const proxy = await cuttableProxy(url);
        const streamUrl = `${proxy.url.replace('http', 'ws')}v1/stream`;
        let cutting: NodeJS.Timeout | undefined;
        // From the connection on: a loaded machine takes seconds to start Python.
        void proxy.opened.then(() => (cutting = setTimeout(proxy.cut, 1500)));
        try {
          const args = [
            '--live',
            '--continuation',
            '1',
            '--url',
            streamUrl,
            fixture(`${CLIP}.wav`),
          ];
          const { stdout, stderr } = await pythonExample(['stream_wav.py', ...args]);
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
  },
);
