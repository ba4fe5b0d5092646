import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { joinPauses } from '../../src/segments/joinPauses.ts';
import { encodeS16le } from '../../src/audio/pcm.ts';
import { wavHeader } from '../../src/audio/wavWriter.ts';
import type { Unit } from '../../src/core/types.ts';
import { withoutErrors } from '../helpers/withoutErrors.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** How long anything may take: the machine may be busy with everything else. */
export const PATIENCE_MS = 120_000;
const SHOTS = join(ROOT, 'artifacts/screenshots');

/** A unit as the page saves it. */
export type SavedUnit = Omit<Unit, 'pause' | 'forced' | 'vector'> & {
  readonly pause?: true;
  readonly forced?: true;
};

/** How a browser is started. */
export interface BrowserOptions {
  /** WAV file that its fake microphone plays once; `none`: it has no microphone; default: a beeping one. */
  readonly microphone?: string;
  /** Whether a question for the microphone is answered with yes; default true. */
  readonly allow?: boolean;
  /** Further flags. */
  readonly args?: readonly string[];
  readonly colorScheme?: 'dark' | 'light';
  readonly width?: number;
  readonly height?: number;
}

/** Bundles the page from its sources into a folder of its own before the tests of a file, and removes it after them. */
export function bundledPage(): { readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sylstream-page-'));
  beforeAll(() => {
    execFileSync(process.execPath, [join(ROOT, 'scripts/buildWeb.mjs'), folder], { cwd: ROOT });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return { folder };
}

/** Opens a URL in the system's Chromium, runs `act`, closes everything; fails when the page throws. */
export async function withPage<T>(
  url: string,
  options: BrowserOptions,
  act: (page: Page) => Promise<T>,
): Promise<T> {
  const browser = await launch(options);
  try {
    const { width = 1400, height = 920, colorScheme = 'dark' } = options;
    const page = await browser.newPage({ viewport: { width, height }, colorScheme });
    page.setDefaultTimeout(PATIENCE_MS);
    await page.addInitScript(keepActivities);
    return await withoutErrors(page, async () => {
      await page.goto(url);
      await page.waitForSelector('body[data-ready]');
      return act(page);
    });
  } finally {
    await browser.close();
  }
}

function launch({ microphone, allow = true, args = [] }: BrowserOptions): Promise<Browser> {
  const device =
    microphone === 'none'
      ? []
      : [
          '--use-fake-device-for-media-stream',
          ...(microphone === undefined
            ? []
            : [`--use-file-for-fake-audio-capture=${microphone}%noloop`]),
        ];
  const answer = allow ? '--use-fake-ui-for-media-stream' : '--deny-permission-prompts';
  const executablePath = execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' });
  return chromium.launch({
    executablePath: executablePath.trim(),
    args: ['--no-sandbox', answer, ...device, ...args],
  });
}

/** 16 kHz mono samples as a WAV file. */
export function wavFile(samples: Float32Array): Buffer {
  const bytes = encodeS16le(samples);
  return Buffer.concat([wavHeader({ sampleRate: 16_000, channels: 1 }, bytes.length), bytes]);
}

/** Drops a file onto the page as a person does. */
export async function dropFile(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const data = await page.evaluateHandle(
    ([base64, fileName]) => {
      const raw = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([raw], fileName));
      return transfer;
    },
    [Buffer.from(bytes).toString('base64'), name] as const,
  );
  await page.dispatchEvent('#timeline', 'dragover', { dataTransfer: data });
  await page.dispatchEvent('#timeline', 'drop', { dataTransfer: data });
}

/** Waits until the page does this, or has done it since the activity waited for before. */
export async function activity(page: Page, wanted: string): Promise<void> {
  await page.waitForFunction(
    (name) => {
      const { activities } = globalThis as unknown as { activities: string[] };
      const at = activities.indexOf(name);
      return at >= 0 && activities.splice(0, at + 1).length > 0;
    },
    wanted,
    { timeout: PATIENCE_MS },
  );
}

/** Keeps what the page does, in order: some of it is over before a test could look. */
function keepActivities(): void {
  const activities: string[] = [];
  Object.assign(globalThis, { activities });
  document.addEventListener('DOMContentLoaded', () => {
    const note = (): void => void activities.push(document.body.dataset['activity'] ?? '');
    new MutationObserver((changes) => {
      if (changes.some(({ oldValue }) => oldValue !== document.body.dataset['activity'])) note();
    }).observe(document.body, { attributeFilter: ['data-activity'], attributeOldValue: true });
  });
}

/** What a download button saves. */
export async function saved(page: Page, kind: 'textgrid' | 'jsonl' | 'wav'): Promise<Buffer> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.click(`#save-${kind}`),
  ]);
  return readFileSync(await download.path());
}

/** The units that the page saves as JSON lines, without the header. */
export async function savedUnits(page: Page): Promise<SavedUnit[]> {
  const [, ...lines] = (await saved(page, 'jsonl')).toString().trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as SavedUnit);
}

/** Units as the page shows and saves them: pauses that follow each other are one. */
export function shown(units: readonly Unit[]): Unit[] {
  return units.reduce<Unit[]>((all, unit) => {
    const joined = joinPauses(all.at(-1), unit);
    return joined === undefined ? [...all, unit] : [...all.slice(0, -1), joined];
  }, []);
}

/** Asserts that units follow each other without a hole, numbered from 0 on; a joined pause has the first one's number. */
export function expectUnbroken(units: readonly SavedUnit[]): void {
  expect(units[0]?.start).toBe(0);
  const numbers = units.map(({ index }) => index);
  expect(numbers[0]).toBe(0);
  expect(numbers.every((index, n) => n === 0 || index > numbers[n - 1])).toBe(true);
  expect(units.slice(1).map(({ start }) => start)).toEqual(
    units.slice(0, -1).map(({ end }) => end),
  );
}

/** Waits for a message and returns its code and words. */
export async function notice(page: Page): Promise<{ code: string | null; text: string }> {
  const box = page.locator('#notice');
  await box.waitFor({ state: 'visible' });
  return { code: await box.getAttribute('data-code'), text: await box.innerText() };
}

/** Waits until the page has listened for more than so many seconds of sound. */
export async function listened(page: Page, seconds: number): Promise<void> {
  const heard = async (): Promise<number> =>
    Number(/Listening · ([\d.]+)/.exec(await page.innerText('#status'))?.[1] ?? 0);
  await expect.poll(heard, { timeout: PATIENCE_MS }).toBeGreaterThan(seconds);
}

/** Saves a picture among the artefacts of a run. */
export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}
