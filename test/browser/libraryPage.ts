import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { buildLibrary } from '../helpers/browserLibrary.ts';
import { serveStatic, type StaticSite } from '../helpers/staticSite.ts';
import { withoutErrors } from '../helpers/withoutErrors.ts';

/** The strictest policy under which WebAssembly runs; the icon is none. */
const POLICY = {
  'content-security-policy':
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:",
};

/** A site with the library and bundles. */
export interface LibrarySite {
  readonly folder: string;
  readonly served: StaticSite;
  /** The system's Chromium. */
  readonly browser: Browser;
  /** Sends these headers beside the policy. */
  send(headers: Readonly<Record<string, string>>): void;
}

/** Serves `lib.js`, `worker.js` and `models/NAME` while the tests of a file run. `bundles`: folders by name. */
export function librarySite(bundles: Readonly<Record<string, string>>): LibrarySite {
  const folder = mkdtempSync(join(tmpdir(), 'sylstream-library-'));
  let served: StaticSite;
  let browser: Browser;
  const send = (headers: Readonly<Record<string, string>>): void => {
    served.headers = { ...POLICY, ...headers };
  };
  beforeAll(async () => {
    await buildLibrary(folder, bundles);
    served = await serveStatic(folder);
    send({});
    const path = execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' });
    browser = await chromium.launch({
      executablePath: path.trim(),
      args: ['--no-sandbox', '--enable-blink-features=ForceEagerMeasureMemory'],
    });
  });
  afterAll(async () => {
    await browser.close();
    await served.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    get served() {
      return served;
    },
    get browser() {
      return browser;
    },
    send,
  };
}

/** Opens a site's page with the library as a visitor who was never here; fails when the page throws. */
export async function inPage<T>(site: LibrarySite, act: (page: Page) => Promise<T>): Promise<T> {
  const visitor = await site.browser.newContext();
  try {
    const page = await visitor.newPage();
    return await withoutErrors(page, async () => {
      await page.goto(`${site.served.url}blank.html`);
      await page.waitForFunction('globalThis.lib !== undefined');
      return act(page);
    });
  } finally {
    await visitor.close();
  }
}
