import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashToken } from '../../server/index.ts';
import type { Settings, SylstreamServer } from '../../server/index.ts';
import { openStream } from '../../src/client/index.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { program } from '../helpers/require.ts';
import { tinyModels, withServer } from '../helpers/server.ts';
import { fixture } from '../helpers/speech.ts';
import { cuttableProxy } from './cuttableProxy.ts';
import {
  activity,
  bundledPage,
  dropFile,
  expectUnbroken,
  listened,
  notice,
  PATIENCE_MS,
  savedUnits,
  screenshot,
  withPage,
} from './studioPage.ts';

const SLOW = { timeout: 4 * PATIENCE_MS };
const slowly = { timeout: PATIENCE_MS };
const WAV = fixture('kathleen-a0002.wav');

describe.runIf(program('chromium'))('the page, when something goes wrong', SLOW, () => {
  const built = bundledPage();
  let models: Models;

  beforeAll(async () => {
    models = await tinyModels();
  });
  afterAll(() => models.close());

  const serving = <T>(
    act: (server: SylstreamServer) => Promise<T>,
    settings?: Partial<Settings>,
  ): Promise<T> => withServer(models, { web: built.folder, livePace: 1.25, ...settings }, act);

  it('says that the microphone is blocked', async () => {
    await serving((server) =>
      withPage(server.url, { allow: false }, async (page) => {
        await page.click('#record');
        const { code, text } = await notice(page);
        expect(code).toBe('no-permission');
        expect(text).toMatch(/Allow it for this page[\s\S]*Try again/);
        await screenshot(page, 'blocked-microphone-dark');
      }),
    );
  });

  it('says that there is no microphone', async () => {
    await serving((server) =>
      withPage(server.url, { microphone: 'none' }, async (page) => {
        await page.click('#record');
        expect((await notice(page)).code).toBe('no-microphone');
      }),
    );
  });

  it('says that a page over plain http gets no microphone, and takes files all the same', async () => {
    const args = ['--host-resolver-rules=MAP speech.example 127.0.0.1'];
    await serving(
      (server) => {
        const url = server.url.replace('127.0.0.1', 'speech.example');
        return withPage(url, { args }, async (page) => {
          await page.click('#record');
          const { code, text } = await notice(page);
          expect(code).toBe('insecure-origin');
          expect(text).toContain('https');
          await page.click('#sample');
          await activity(page, 'done');
        });
      },
      { hosts: ['speech.example'] },
    );
  });

  it('says that a file is no sound', async () => {
    await serving((server) =>
      withPage(server.url, {}, async (page) => {
        await dropFile(page, 'letter.txt', Buffer.from('Dear Sir or Madam,'));
        expect((await notice(page)).code).toBe('unreadable-file');
        await dropFile(page, 'cut.wav', Buffer.from('RIFF\0\0\0\0WAVE'));
        await expect
          .poll(async () => (await notice(page)).code, slowly)
          .toBe('SYLSTREAM_ERR_WAV_HEADER');
      }),
    );
  });

  it('says that the server is full, and goes on by itself when it is not any more', async () => {
    await serving(
      async (server) => {
        const other = openStream(server.streamUrl);
        await new Promise((resolve) => other.events$.subscribe(resolve));
        await withPage(server.url, { microphone: WAV }, async (page) => {
          await page.click('#record');
          const { code, text } = await notice(page);
          expect(code).toBe('SYLSTREAM_ERR_CAPACITY');
          expect(text).toContain('The server is full');
          expect(text).not.toContain('Try again');
          await screenshot(page, 'server-full-dark');
          other.close();
          await activity(page, 'recording');
          await page.locator('#notice').waitFor({ state: 'hidden' });
          await page.click('#record');
          await activity(page, 'done');
          expect((await savedUnits(page)).length).toBeGreaterThan(5);
        });
      },
      { capacity: 1 },
    );
  });

  it('asks for an access token where the server wants one, and uses it', async () => {
    await serving(
      (server) =>
        withPage(server.url, {}, async (page) => {
          await page.click('#sample');
          expect((await notice(page)).code).toBe('SYLSTREAM_ERR_AUTH');
          await page.fill('#token', 'not-this-one');
          const refused = page.waitForResponse(/tickets/);
          await page.keyboard.press('Enter');
          expect((await refused).status()).toBe(401);
          expect((await notice(page)).code).toBe('SYLSTREAM_ERR_AUTH');
          await page.fill('#token', 'open-sesame');
          await page.keyboard.press('Enter');
          await activity(page, 'done');
          expect((await savedUnits(page)).length).toBeGreaterThan(5);
        }),
      { tokenHashes: [hashToken('open-sesame')] },
    );
  });

  it('says when the connection drops, and goes on where it was', async () => {
    await serving(async (server) => {
      const proxy = await cuttableProxy(server.url);
      try {
        await withPage(proxy.url, { microphone: WAV }, async (page) => {
          await page.click('#record');
          await activity(page, 'recording');
          await expect.poll(() => page.innerText('#unit-count'), slowly).not.toBe('0');
          proxy.cut();
          await activity(page, 'reconnecting');
          await activity(page, 'recording');
          await listened(page, 5);
          await page.click('#record');
          await activity(page, 'done');
          const units = await savedUnits(page);
          expectUnbroken(units);
          expect(units.at(-1)!.end).toBeGreaterThan(4.5 * 16_000);
        });
      } finally {
        proxy.close();
      }
    });
  });
});
