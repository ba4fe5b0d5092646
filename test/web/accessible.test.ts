import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SylstreamServer } from '../../server/index.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { program } from '../helpers/require.ts';
import { tinyModels, withServer } from '../helpers/server.ts';
import { fixture } from '../helpers/speech.ts';
import { violations } from './axe.ts';
import { cuttableProxy } from './cuttableProxy.ts';
import {
  activity,
  bundledPage,
  dropFile,
  listened,
  notice,
  PATIENCE_MS,
  screenshot,
  withPage,
} from './studioPage.ts';

const MICROPHONE = fixture('kathleen-a0002.wav');
const SCHEMES = ['dark', 'light'] as const;

/** The parts whose content is wider than they are, and how much the whole page is too wide. */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const parts = [...document.querySelectorAll<HTMLElement>('header, main, .stage, .card')];
    const wide = parts.filter((part) => part.scrollWidth > part.clientWidth + 1);
    const page = document.documentElement.scrollWidth - innerWidth;
    return [
      ...wide.map((part) => `${part.className} ${part.scrollWidth}`),
      ...(page > 0 ? [`page +${page}`] : []),
    ];
  });
}

/** Pairs of texts of the page that lie on each other. */
function collisions(page: Page, selector: string): Promise<string[]> {
  return page.evaluate((wanted) => {
    const texts = [...document.querySelectorAll(wanted)].map((part) => {
      const range = document.createRange();
      range.selectNodeContents(part);
      return { text: part.textContent, box: range.getBoundingClientRect() };
    });
    return texts.flatMap((a, n) =>
      texts
        .slice(n + 1)
        .filter(
          (b) =>
            a.box.left < b.box.right &&
            b.box.left < a.box.right &&
            a.box.top < b.box.bottom &&
            b.box.top < a.box.bottom,
        )
        .map((b) => `${a.text} on ${b.text}`),
    );
  }, selector);
}

describe.runIf(program('chromium'))('the page, for everybody', { timeout: 4 * PATIENCE_MS }, () => {
  const built = bundledPage();
  let models: Models;

  beforeAll(async () => {
    models = await tinyModels();
  });
  afterAll(() => models.close());

  const serving = <T>(act: (server: SylstreamServer) => Promise<T>): Promise<T> =>
    withServer(models, { web: built.folder, livePace: 1.25 }, act);

  it.each(SCHEMES)(
    'has no fault that axe-core finds, in any of its states (%s)',
    async (scheme) => {
      await serving(async (server) => {
        const proxy = await cuttableProxy(server.url);
        const options = { microphone: MICROPHONE, colorScheme: scheme };
        try {
          await withPage(proxy.url, options, async (page) => {
            const check = async (state: string): Promise<void> => {
              expect(await violations(page), state).toEqual([]);
            };
            await check('idle');
            await dropFile(page, 'letter.txt', Buffer.from('Dear Sir or Madam,'));
            await notice(page);
            await check('error');
            await page.click('#sample');
            await activity(page, 'done');
            await check('file done');
            await page.click('#predict');
            await activity(page, 'sending');
            await activity(page, 'done');
            await page.focus('#timeline');
            await page.keyboard.press('End');
            await check('unit chosen, next predicted');
            await page.click('#record');
            await activity(page, 'recording');
            await listened(page, 2);
            await check('recording');
            proxy.close();
            await activity(page, 'reconnecting');
            await notice(page);
            await check('reconnecting');
            await screenshot(page, `reconnecting-${scheme}`);
            await page.click('#record');
            await page.locator('#save-wav:enabled').waitFor();
            await check('stopped while reconnecting');
          });
        } finally {
          proxy.close();
        }
      });
    },
  );

  it.each([
    [390, 844],
    [320, 640],
    [844, 390],
    [1400, 920],
  ])('holds letters twice as large on %i × %i', async (width, height) => {
    await serving((server) =>
      withPage(server.url, { width, height, colorScheme: 'light' }, async (page) => {
        await page.click('#sample');
        await activity(page, 'done');
        expect(await tooWide(page)).toEqual([]);
        await page.addStyleTag({ content: 'html { font-size: 200% }' });
        await expect.poll(() => tooWide(page), { timeout: PATIENCE_MS }).toEqual([]);
        await screenshot(page, `large-letters-${width}-light`);
        const texts = '.dial text, .hint, h2, .rates th, .rates td, .figures dt, .figures dd';
        expect(await collisions(page, texts)).toEqual([]);
      }),
    );
  });

  it('shows Record and what it records on a phone that lies on its side', async () => {
    const options = { width: 844, height: 390, microphone: MICROPHONE };
    await serving((server) =>
      withPage(server.url, options, async (page) => {
        const inSight = (id: string): Promise<boolean> =>
          page.evaluate((name) => {
            const { top, bottom } = document.getElementById(name)!.getBoundingClientRect();
            return top >= 0 && bottom <= innerHeight;
          }, id);
        expect(await Promise.all(['timeline', 'record'].map(inSight))).toEqual([true, true]);
        await page.click('#record');
        await activity(page, 'recording');
        await listened(page, 1);
        expect(await Promise.all(['timeline', 'record'].map(inSight))).toEqual([true, true]);
        await screenshot(page, 'phone-on-its-side-dark');
        await page.click('#record');
        await activity(page, 'done');
      }),
    );
  });

  it('goes to the first and the last unit with Home and End, and tells a screen reader which', async () => {
    await serving((server) =>
      withPage(server.url, {}, async (page) => {
        await page.click('#sample');
        await activity(page, 'done');
        const picture = page.getByRole('slider', { name: 'Units of the recording' });
        await picture.focus();
        const all = Number(await picture.getAttribute('aria-valuemax'));
        expect(all).toBeGreaterThan(5);
        expect(await picture.getAttribute('aria-valuetext')).toBe(`${all} units, none chosen`);
        for (const [key, place] of [
          ['End', all],
          ['Home', 1],
          ['ArrowRight', 2],
          ['PageUp', 1],
          ['End', all],
          ['PageDown', all],
        ] as const) {
          await page.keyboard.press(key);
          expect([key, await picture.getAttribute('aria-valuenow')]).toEqual([key, String(place)]);
          const said = await picture.getAttribute('aria-valuetext');
          expect(said).toBe(await page.textContent('#inspector'));
        }
        await page.keyboard.press('Escape');
        expect(await picture.getAttribute('aria-valuenow')).toBe('0');
      }),
    );
  });
});
