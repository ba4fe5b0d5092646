import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Models } from '../../src/models/loadModels.ts';
import { longSpeech, wholeUnits } from '../helpers/pipeline.ts';
import { program } from '../helpers/require.ts';
import { tinyModels, withServer } from '../helpers/server.ts';
import {
  activity,
  bundledPage,
  dropFile,
  PATIENCE_MS,
  screenshot,
  shown,
  wavFile,
  withPage,
} from './studioPage.ts';

const slowly = { timeout: PATIENCE_MS };

describe.runIf(program('chromium'))('a file on the page', { timeout: 4 * PATIENCE_MS }, () => {
  const built = bundledPage();
  let models: Models;

  beforeAll(async () => {
    models = await tinyModels();
  });
  afterAll(() => models.close());

  it('says how far it is and how fast, and nothing of a delay that is only its pace', async () => {
    // Let in at the pace of a real server: 4 s at once, the rest at 8 times real time.
    const settings = { web: built.folder, filePace: 8, aheadFileMs: 4000 };
    await withServer(models, settings, (server) =>
      withPage(server.url, {}, async (page) => {
        await dropFile(page, 'long.wav', wavFile(longSpeech(45)));
        await activity(page, 'sending');
        const bar = page.getByRole('progressbar', { name: 'How far the file is' });
        const share = async (): Promise<number> => Number((await bar.getAttribute('value')) ?? 0);
        await expect.poll(share, slowly).toBeGreaterThan(0);
        expect(await page.innerText('#status')).toMatch(/Cutting into units … · \d+ %/);
        await screenshot(page, 'long-file-on-its-way-dark');
        await activity(page, 'done');
        expect(await bar.isVisible()).toBe(false);
        expect(await page.isVisible('#lag')).toBe(false);
        expect(Number(await page.innerText('#speed'))).toBeGreaterThan(1);
        expect(Number(await page.innerText('#took'))).toBeGreaterThan(1);
      }),
    );
  });

  it('can be seen as a whole, and shows the place that is pointed at', async () => {
    await withServer(models, { web: built.folder }, (server) =>
      withPage(server.url, { width: 700 }, async (page) => {
        await dropFile(page, 'long.wav', wavFile(longSpeech(45)));
        await activity(page, 'done');
        const overview = (await page.locator('#overview').boundingBox())!;
        await page.mouse.click(overview.x + overview.width * 0.9, overview.y + 5);
        const picture = (await page.locator('#timeline').boundingBox())!;
        const middle = [picture.x + picture.width / 2, picture.y + 40] as const;
        const start = async (): Promise<number> => {
          await page.mouse.move(middle[0] + 1, middle[1]);
          await page.mouse.move(...middle);
          return Number(/ · ([\d.]+) to/.exec((await page.textContent('#inspector'))!)?.[1]);
        };
        // The window ends with the recording, so its middle lies before the place that was pressed.
        await expect.poll(start, slowly).toBeGreaterThan(25);
        await screenshot(page, 'long-file-end-dark');
      }),
    );
  });

  it('shows a long silence as one pause and counts what it draws', async () => {
    const speech = longSpeech(4);
    const samples = new Float32Array(12 * 16_000);
    samples.set(speech);
    samples.set(speech, 8 * 16_000);
    const units = await wholeUnits(samples, models);
    const joined = shown(units);
    expect(joined.length).toBeLessThan(units.length);
    const long = joined.filter(({ pause, start, end }) => pause && end - start >= 4000);
    await withServer(models, { web: built.folder }, (server) =>
      withPage(server.url, {}, async (page) => {
        await dropFile(page, 'silence.wav', wavFile(samples));
        await activity(page, 'done');
        const chips = await page.locator('#chips .pause').allInnerTexts();
        expect(chips.filter((text) => text !== '·')).toEqual(
          long.map(({ start, end }) => `${((end - start) / 16_000).toFixed(1)} s`),
        );
        const row = page.getByRole('row', { name: /Pauses/ }).getByRole('cell');
        expect(await row.last().innerText()).toBe(String(long.length));
        await page.focus('#timeline');
        expect(await page.getAttribute('#timeline', 'aria-valuemax')).toBe(String(joined.length));
        await screenshot(page, 'long-silence-dark');
      }),
    );
  });
});
