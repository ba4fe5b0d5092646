import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Models } from '../../src/models/loadModels.ts';
import { bytesInUse } from '../helpers/garbage.ts';
import { startOffenders } from '../helpers/offenderProcess.ts';
import { greedy } from '../helpers/offenders.ts';
import { greet, tone } from '../helpers/rawClient.ts';
import { present } from '../helpers/require.ts';
import { lagQuantileMs, scrapeLag } from '../helpers/scrapeLag.ts';
import { tinyModels, withServer } from '../helpers/server.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

/** Quiet and disturbed turns, in pairs: what the machine does for a moment falls into one, what offenders do into all. */
const PAIRS = 5;
/** Where 8 quiet streams lag by more, the machine has no time to spare and the pair tells nothing of the server. */
const BUSY_MS = 40;
const MOST_PAIRS = 20;

describe('clients that hold connections', { timeout: 300_000 }, () => {
  it('are gone within their deadlines while normal streams go on', async ({ skip }) => {
    const settings = {
      upgradeTimeoutMs: 1000,
      helloTimeoutMs: 1000,
      idleMs: 2000,
      pingMs: 300,
      closeTimeoutMs: 500,
      newPerAddressPerSecond: 10_000,
    };
    const offenders = await startOffenders();
    const rises: number[] = [];
    await withServer(models, settings, async ({ streamUrl, url }) => {
      let turns = 0;
      for (; turns < MOST_PAIRS && rises.length < PAIRS; turns++) {
        const quiet = await lagOf(url, streamUrl, 3000);
        const began = performance.now();
        const gone = offenders.attack(streamUrl);
        const beside = await lagOf(url, streamUrl, 4000);
        await gone;
        expect(performance.now() - began).toBeLessThan(15_000);
        console.log(`lag p99 of 8 streams: quiet ${quiet.toFixed(1)} ms, beside 320 offenders ${beside.toFixed(1)} ms`); // prettier-ignore
        if (quiet <= BUSY_MS) rises.push(beside - quiet);
      }
      const metrics = await (await fetch(`${url}/metrics`)).text();
      const count = (code: string, times: number): RegExp =>
        new RegExp(`errors_total\\{code="SYLSTREAM_ERR_${code}"\\} ${times * turns}$`, 'm');
      expect(metrics).toMatch(/^sylstream_sessions_live 0$/m);
      expect(metrics).toMatch(count('HELLO_TIMEOUT', 40));
      expect(metrics).toMatch(count('IDLE', 20));
      expect(metrics).toMatch(count('SLOW_READER', 20));
    });
    offenders.stop();
    const isMeasured = present('a machine with time to spare for the lag', rises.length === PAIRS);
    if (!isMeasured) return skip();
    expect(median(rises)).toBeLessThanOrEqual(40);
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
