import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Models } from '../../src/models/loadModels.ts';
import { bytesInUse } from '../helpers/garbage.ts';
import { bytewise, deaf, dribbler, greedy, mute, silent } from '../helpers/offenders.ts';
import { greet, tone } from '../helpers/rawClient.ts';
import { lagQuantileMs, scrapeLag } from '../helpers/scrapeLag.ts';
import { tinyModels, withServer } from '../helpers/server.ts';
import { untilEmpty } from '../helpers/untilEmpty.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

/**
 * Quiet and disturbed turns, in pairs. What else the machine does for a moment falls into one of them; what the
 * offenders do falls into all disturbed ones, so the median of the differences tells it.
 */
const ROUNDS = 5;

describe('clients that hold connections', { timeout: 120_000 }, () => {
  it('are gone within their deadlines while normal streams go on', async () => {
    const settings = {
      upgradeTimeoutMs: 1000,
      helloTimeoutMs: 1000,
      idleMs: 2000,
      pingMs: 300,
      closeTimeoutMs: 500,
      newPerAddressPerSecond: 10_000,
    };
    await withServer(models, settings, async ({ streamUrl, url }) => {
      const rises: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const quiet = await lagOf(url, streamUrl, 3000);
        const offenders = [
          ...repeat(200, () => silent(streamUrl)),
          ...repeat(40, () => bytewise(streamUrl)),
          ...repeat(40, () => mute(streamUrl)),
          ...repeat(20, () => dribbler(streamUrl)),
          ...repeat(20, () => deaf(streamUrl)),
        ];
        const began = performance.now();
        const allGone = Promise.all(offenders.map(({ gone }) => gone));
        const beside = await lagOf(url, streamUrl, 4000);
        await allGone;
        expect(performance.now() - began).toBeLessThan(15_000);
        console.log(`lag p99 of 8 streams: quiet ${quiet.toFixed(1)} ms, beside 320 offenders ${beside.toFixed(1)} ms`); // prettier-ignore
        rises.push(beside - quiet);
      }
      expect(median(rises)).toBeLessThanOrEqual(40);
      const metrics = await untilEmpty(url);
      const count = (code: string, times: number): RegExp =>
        new RegExp(`errors_total\\{code="SYLSTREAM_ERR_${code}"\\} ${times * ROUNDS}$`, 'm');
      expect(metrics).toMatch(count('HELLO_TIMEOUT', 40));
      expect(metrics).toMatch(count('IDLE', 20));
      expect(metrics).toMatch(count('SLOW_READER', 20));
    });
  });

  it('cannot fill the memory with answers that nobody reads', async () => {
    const settings = { bufferedBytes: 65_536, messagesPerSecond: 10_000_000, closeTimeoutMs: 300 };
    await withServer(models, settings, async ({ streamUrl, url }) => {
      const before = bytesInUse();
      const { gone } = greedy(streamUrl);
      let most = 0;
      const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().external)), 50);
      await gone;
      clearInterval(timer);
      expect(most / 2 ** 20).toBeLessThan(100);
      expect((bytesInUse() - before) / 2 ** 20).toBeLessThan(8);
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toMatch(/errors_total\{code="SYLSTREAM_ERR_SLOW_READER"\} 1$/m);
    });
  });
});

/** The 99th percentile of the lag of the steps of 8 live streams over some time, in ms. */
async function lagOf(serverUrl: string, streamUrl: string, forMs: number): Promise<number> {
  const streams = await Promise.all(repeat(8, () => greet(streamUrl)));
  const before = await scrapeLag(serverUrl);
  const began = performance.now();
  for (let n = 0; performance.now() - began < forMs;) {
    await wait(20);
    const due = Math.floor((performance.now() - began) * 16) - n;
    for (const stream of streams) stream.send(tone(n, due));
    n += due;
  }
  const after = await scrapeLag(serverUrl);
  for (const stream of streams) stream.socket.close(1000);
  await Promise.all(streams.map(({ closed }) => closed));
  return lagQuantileMs(before, after, 0.99);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function repeat<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
