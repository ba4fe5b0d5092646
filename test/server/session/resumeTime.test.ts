import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { summarise } from '../../../src/bench/percentiles.ts';
import type { Models } from '../../../src/models/loadModels.ts';
import { greet, tone } from '../../helpers/rawClient.ts';
import { tinyModels, withServer } from '../../helpers/server.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

describe('resume', () => {
  it('takes less than 200 ms from the new connection to ready', () =>
    // Room for all of the audio: the encoder may be slower than fifty resumes.
    withServer(models, { aheadLiveMs: 20_000 }, async ({ streamUrl }) => {
      const times: number[] = [];
      let client = await greet(streamUrl);
      for (let turn = 0; turn < 50; turn++) {
        client.send(tone(turn * 1600, 1600));
        await new Promise<void>((done) => client.socket.once('pong', () => done()).ping());
        client.socket.terminate();
        const began = performance.now();
        client = await greet(streamUrl, {
          hello: { resume: { token: client.ready.token, after: -1 } },
        });
        times.push(performance.now() - began);
        expect(client.ready).toMatchObject({ resumed: true, next: (turn + 1) * 1600 });
      }
      const { p50, p95, max } = summarise(times);
      console.log(`resume: p50 ${p50.toFixed(1)}, p95 ${p95.toFixed(1)}, max ${max.toFixed(1)} ms`);
      expect(p50).toBeLessThan(200);
    }));
});
