import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { serveStatic, type StaticSite } from '../helpers/staticSite.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const { resolve: find } = createRequire(import.meta.url);

/** What the library's packages load beside the script that holds them. */
const BESIDE = [
  join(dirname(find('@echogarden/pffft-wasm/simd')), 'pffft.wasm'),
  join(dirname(find('@echogarden/speex-resampler-wasm/simd')), 'speex-resampler-simd.wasm'),
  find('onnxruntime-web/ort-wasm-simd-threaded.mjs'),
  find('onnxruntime-web/ort-wasm-simd-threaded.wasm'),
  join(import.meta.dirname, 'blank.html'),
];

/** The strictest policy under which WebAssembly runs; the icon is none. */
const POLICY = {
  'content-security-policy':
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:",
};

/** As a user's bundler does it: what needs Node would not be found. The runtime stays in files of its own. */
const BUNDLING: BuildOptions = {
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  minify: true,
  conditions: ['module', 'onnxruntime-web-use-extern-wasm'],
  external: ['module'], // what the WebAssembly packages import under Node only
  logLevel: 'error',
};

/** A site with the library and bundles. */
export interface LibrarySite {
  readonly folder: string;
  readonly served: StaticSite;
  /** Sends these headers beside the policy. */
  send(headers: Readonly<Record<string, string>>): void;
}

/** Serves `lib.js`, `worker.js` and `models/NAME` while the tests of a file run. `bundles`: folders by name. */
export function librarySite(bundles: Readonly<Record<string, string>>): LibrarySite {
  const folder = mkdtempSync(join(tmpdir(), 'sylstream-library-'));
  let served: StaticSite;
  const send = (headers: Readonly<Record<string, string>>): void => {
    served.headers = { ...POLICY, ...headers };
  };
  beforeAll(async () => {
    const contents = `import * as lib from './src/browser/index.ts'; import * as rxjs from 'rxjs'; Object.assign(globalThis, { lib, rxjs });`;
    await build({
      stdin: { contents, resolveDir: ROOT, sourcefile: 'lib.ts', loader: 'ts' },
      outfile: join(folder, 'lib.js'),
      ...BUNDLING,
    });
    await build({
      entryPoints: [join(ROOT, 'src/browser/worker.ts')],
      outfile: join(folder, 'worker.js'),
      ...BUNDLING,
    });
    for (const file of BESIDE) cpSync(file, join(folder, basename(file)));
    for (const [name, from] of Object.entries(bundles)) {
      cpSync(from, join(folder, 'models', name), { recursive: true });
    }
    served = await serveStatic(folder);
    send({});
  });
  afterAll(async () => {
    await served.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    get served() {
      return served;
    },
    send,
  };
}

/** Opens a site's page with the library in the system's Chromium; fails when the page throws. */
export async function inPage<T>(
  { served }: LibrarySite,
  act: (page: Page) => Promise<T>,
): Promise<T> {
  const executablePath = execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' });
  const browser = await chromium.launch({
    executablePath: executablePath.trim(),
    args: ['--no-sandbox', '--enable-precise-memory-info', '--js-flags=--expose-gc'],
  });
  const thrown: Error[] = [];
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => thrown.push(error));
    await page.goto(`${served.url}blank.html`);
    await page.waitForFunction('globalThis.lib !== undefined');
    const result = await act(page);
    if (thrown.length > 0) throw new AggregateError(thrown, 'the page threw');
    return result;
  } finally {
    await browser.close();
  }
}
