import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModels } from '../../src/models/loadModels.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { TINY } from '../helpers/bundles.ts';
import { wholeUnits } from '../helpers/pipeline.ts';
import { program } from '../helpers/require.ts';
import { withServer } from '../helpers/server.ts';
import { clipSamples, fixture } from '../helpers/speech.ts';
import { serveStatic, type StaticSite } from '../helpers/staticSite.ts';
import { violations } from './axe.ts';
import {
  activity,
  bundledPage,
  dropFile,
  listened,
  PATIENCE_MS,
  savedUnits,
  screenshot,
  shown,
  withPage,
} from './studioPage.ts';

const CLIP = 'kathleen-a0002';

/** Drops the clip and says where its units lie and what they are. */
async function cut(page: Page): Promise<unknown[]> {
  await dropFile(page, 'speech.wav', readFileSync(fixture(`${CLIP}.wav`)));
  await activity(page, 'reading');
  await activity(page, 'done');
  return places(await savedUnits(page));
}

const places = (units: readonly { id: number; start: number; end: number }[]): unknown[] =>
  units.map(({ id, start, end }) => [id, start, end]);

describe.runIf(program('chromium'))('cut on this device', { timeout: PATIENCE_MS }, () => {
  let models: Models;
  let expected: unknown[];

  beforeAll(async () => {
    models = await loadModels({ bundle: TINY, workers: 1 });
    expected = places(shown(await wholeUnits(clipSamples(CLIP), models)));
  });
  afterAll(() => models.close());

  describe('by a site that is nothing but files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sylstream-site-'));
    let site: StaticSite;
    beforeAll(async () => {
      const script = resolve(import.meta.dirname, '../../scripts/buildSite.mjs');
      execFileSync(process.execPath, [script, folder, TINY]);
      site = await serveStatic(folder);
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it('a file has its units, and again in flight mode after one visit', async () => {
      await withPage(site.url, {}, async (page) => {
        await page.waitForSelector('body[data-device=ready]');
        await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
        expect(await violations(page)).toEqual([]);
        expect(await cut(page)).toEqual(expected);
        await site.close();
        await page.context().setOffline(true);
        await page.reload();
        await page.waitForSelector('body[data-device=ready]');
        expect(await cut(page)).toEqual(expected);
        await screenshot(page, 'on-this-device-offline');
        const { icons } = JSON.parse(readFileSync(join(folder, 'site.webmanifest'), 'utf8')) as {
          icons: { src: string }[];
        };
        expect(icons).toHaveLength(1);
      });
    });
  });

  describe('by the page of a server, with its switch', () => {
    const built = bundledPage();

    it('a recording has the units of the server, and what comes next', async () => {
      await withServer(models, { web: built.folder }, (server) =>
        withPage(server.url, { microphone: fixture(`${CLIP}.wav`) }, async (page) => {
          await page.waitForSelector('#device:visible');
          const sockets: string[] = [];
          page.on('websocket', (socket) => sockets.push(socket.url()));
          await page.click('#device');
          await page.waitForSelector('body[data-device=ready]');
          expect(await violations(page)).toEqual([]);
          expect(await cut(page)).toEqual(expected);
          await page.click('#predict');
          await activity(page, 'sending');
          await activity(page, 'done');
          expect(await page.locator('#predicted span').count()).toBeGreaterThan(3);
          await page.click('#record');
          await listened(page, 2);
          expect(await page.isDisabled('#device')).toBe(true);
          await page.click('#record');
          await activity(page, 'done');
          expect((await savedUnits(page)).length).toBeGreaterThan(2);
          expect(sockets).toEqual([]);
          await page.click('#device');
          await activity(page, 'done');
          expect(sockets).toHaveLength(1);
        }),
      );
    });

    it('gives the bundle to those alone who may use the server, and of its folder nothing else', async () => {
      const ask = async (path: string, token?: string): Promise<number> => {
        const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
        return (await fetch(path, { headers })).status;
      };
      const token = 'a-token-of-thirty-two-characters';
      await withServer(models, { web: built.folder, token }, async ({ url }) => {
        const at = (path: string): string => new URL(`models/small/${path}`, url).href;
        expect(await ask(at('manifest.json'))).toBe(401);
        expect(await ask(at('manifest.json'), token)).toBe(200);
        const file = await fetch(at('codebook.safetensors'), {
          headers: { authorization: `Bearer ${token}` },
        });
        const bytes = Buffer.from(await file.arrayBuffer());
        expect(bytes.equals(readFileSync(join(TINY, 'codebook.safetensors')))).toBe(true);
        for (const path of ['nothing', 'golden', '..%2f..%2fpackage.json', 'constructor']) {
          expect(await ask(at(path), token)).toBe(404);
        }
      });
    });
  });
});
