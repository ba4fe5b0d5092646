import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServer, hashToken } from '../../server/index.ts';
import type { Settings, SylstreamServer } from '../../server/index.ts';
import { createLog } from '../../server/observe/log.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { WAV_HEADER_BYTES } from '../../src/audio/wavWriter.ts';
import { program } from '../helpers/require.ts';
import { tinyModels } from '../helpers/server.ts';
import { fixture } from '../helpers/speech.ts';
import { longSpeech } from '../helpers/pipeline.ts';
import {
  activity,
  bundledPage,
  dropFile,
  expectUnbroken,
  listened,
  notice,
  PATIENCE_MS,
  saved,
  savedUnits,
  screenshot,
  wavFile,
  withPage,
} from './studioPage.ts';

const MICROPHONE = fixture('kathleen-a0002.wav');
const slowly = { timeout: PATIENCE_MS };

async function samplesIn(page: Page): Promise<number> {
  return ((await saved(page, 'wav')).length - WAV_HEADER_BYTES) / 2;
}

describe.runIf(program('chromium'))('whoever speaks', { timeout: 4 * PATIENCE_MS }, () => {
  const built = bundledPage();
  let models: Models;
  let server: SylstreamServer;

  beforeAll(async () => {
    models = await tinyModels();
  });
  afterAll(() => models.close());

  /** Starts a server, the same one again where one ran before. */
  async function start(settings: Partial<Settings> = {}): Promise<void> {
    const port = server === undefined ? 0 : Number(new URL(server.url).port);
    const roomy = { web: built.folder, capacity: 100, livePace: 1.25, unauthenticated: 100 };
    server = await createServer({
      models,
      settings: { ...roomy, port, ...settings },
      log: createLog('silent'),
    });
  }

  it('is not cut short by a restart of the server: recorded, saved, told, cut anew', async () => {
    await start();
    await withPage(server.url, { microphone: MICROPHONE }, async (page) => {
      await page.click('#record');
      await activity(page, 'recording');
      await expect.poll(() => page.innerText('#unit-count'), slowly).not.toBe('0');
      await server.close();
      await activity(page, 'reconnecting');
      expect(await page.innerText('#status')).toContain('Still recording, not connected');
      const soFar = await savedUnits(page);
      const seconds = (await samplesIn(page)) / 16_000;
      expect(soFar.length).toBeGreaterThan(0);
      expect(seconds).toBeGreaterThan(1);
      await expect
        .poll(async () => (await samplesIn(page)) / 16_000)
        .toBeGreaterThan(seconds + 0.5);
      await start();
      await activity(page, 'recording');
      expect((await notice(page)).code).toBe('went-on');
      await screenshot(page, 'went-on-dark');
      await listened(page, seconds + 3);
      await page.click('#record');
      await activity(page, 'done');
      const units = await savedUnits(page);
      expectUnbroken(units);
      // All but the last: a pause may have gone on.
      expect(units.slice(0, soFar.length - 1)).toEqual(soFar.slice(0, -1));
      const samples = await samplesIn(page);
      expect(samples - units.at(-1)!.end).toBeLessThan(0.1 * 16_000);
      const { code, text } = await notice(page);
      expect(code).toBe('pieced-together');
      expect(text).toContain('Cut anew');
      await page.click('#notice-action');
      await activity(page, 'sending');
      await activity(page, 'done');
      expectUnbroken(await savedUnits(page));
      expect(await samplesIn(page)).toBe(samples);
      expect(await page.isVisible('#notice')).toBe(false);
    });
    await server.close();
  });

  it('can stop and save while there is no server, and have it cut when there is one', async () => {
    await start();
    await withPage(server.url, { microphone: MICROPHONE }, async (page) => {
      await page.click('#record');
      await activity(page, 'recording');
      await expect.poll(() => page.innerText('#unit-count'), slowly).not.toBe('0');
      await server.close();
      await activity(page, 'reconnecting');
      await page.click('#record');
      await expect.poll(() => page.innerText('#record')).toBe('Record');
      const samples = await samplesIn(page);
      expect((await savedUnits(page)).length).toBeGreaterThan(0);
      await start();
      await activity(page, 'done');
      const units = await savedUnits(page);
      expectUnbroken(units);
      expect(await samplesIn(page)).toBe(samples);
      expect(samples - units.at(-1)!.end).toBeLessThan(0.1 * 16_000);
    });
    await server.close();
  });

  it('goes on speaking while the page asks for an access token', async () => {
    await start({ tokenHashes: [hashToken('open-sesame')] });
    await withPage(server.url, { microphone: MICROPHONE }, async (page) => {
      await page.click('#record');
      expect((await notice(page)).code).toBe('SYLSTREAM_ERR_AUTH');
      await page.fill('#token', 'open-sesame');
      await page.keyboard.press('Enter');
      await activity(page, 'recording');
      await expect.poll(() => page.innerText('#unit-count'), slowly).not.toBe('0');
      await page.click('#record');
      await activity(page, 'done');
      expectUnbroken(await savedUnits(page));
      expect(await page.isVisible('#notice')).toBe(false); // one session made all units
    });
    await server.close();
  });

  it('gets a file cut from its beginning again when the server is started again', async () => {
    await start({ filePace: 4, aheadFileMs: 4000 });
    const speech = longSpeech(20);
    await withPage(server.url, {}, async (page) => {
      await dropFile(page, 'speech.wav', wavFile(speech));
      await expect.poll(() => page.innerText('#unit-count'), slowly).not.toBe('0');
      await server.close();
      await activity(page, 'reconnecting');
      await start();
      await activity(page, 'done');
      expectUnbroken(await savedUnits(page));
      expect(await page.isVisible('#notice')).toBe(false);
    });
    await server.close();
  });
});
