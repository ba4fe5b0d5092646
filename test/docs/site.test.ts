import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from '../helpers/browser.ts';
import { present, program } from '../helpers/require.ts';
import { serveStatic } from '../helpers/staticSite.ts';
import { violations } from '../web/axe.ts';

const root = resolve(import.meta.dirname, '../..');
/** Where it lies on its host. */
const BASE = '/docs/';
const BUILD_MS = 540_000;
const READ_MS = 180_000;
/** One page of each kind: README, a widget, tables with empty corners, reference made from code; fewer where it is dark. */
const SHOWN = [
  [
    'light',
    1400,
    [
      'index',
      'concepts',
      'protocol',
      'performance',
      '404',
      'reference/messages',
      'api/sylstream/client',
    ],
  ],
  ['dark', 400, ['index', 'concepts', 'performance']],
] as const;
const isHere = present(
  'what builds the site (npm ci --prefix site)',
  existsSync(join(root, 'site/node_modules/vitepress')),
);

// VitePress ends with an error at a dead link.
describe.runIf(isHere)('npm run build:docs', () => {
  const out = mkdtempSync(join(tmpdir(), 'sylstream-site-'));
  const read = (page: string): string => readFileSync(join(out, page), 'utf8');
  const files = (): string[] => readdirSync(out, { recursive: true, encoding: 'utf8' });

  beforeAll(() => {
    const args = ['tsx', 'scripts/buildDocs.ts', '--out', out, '--base', BASE];
    execFileSync('npx', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  }, BUILD_MS);
  afterAll(() => rmSync(out, { recursive: true }));

  it('begins with README and has every guide and log', () => {
    expect(read('index.html')).toContain('Speech in, syllable-sized units out');
    for (const page of ['quick-start', 'concepts', 'guides/file', 'for/researcher', 'log/training'])
      expect(files()).toContain(join(`${page}.html`));
  });

  it('makes the reference from doc-comments, commander, AsyncAPI and settings', () => {
    expect(read('api/sylstream/index.html')).toContain('The public surface of sylstream');
    expect(read('api/sylstream/client.html')).toContain('openStream');
    expect(read('api/sylstream/browser.html')).toContain('fromBlob');
    expect(read('reference/commands.html')).toContain('--max-delay');
    expect(read('reference/messages.html')).toContain('max_delay_ms');
    expect(read('reference/settings.html')).toContain('SYLSTREAM_IDLE_MS');
  });

  it('leads every link to a heading that is there', () => {
    const pages = files().filter((file) => file.endsWith('.html'));
    const headings = new Map(
      pages.map((page) => [page, [...read(page).matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id)]),
    );
    const dead = pages.flatMap((page) =>
      [...read(page).matchAll(/<a\b[^>]*\bhref="([^"#:]*)#([^"]+)"/g)]
        .filter(([, path, anchor]) => {
          const { pathname } = new URL(path, `http://site${BASE}${page}`);
          const target = pathname.slice(BASE.length).replace(/(^|\/)$/, '$1index.html');
          return !headings.get(path === '' ? page : target)?.includes(decodeURIComponent(anchor));
        })
        .map(([, path, anchor]) => `${page}: ${path}#${anchor}`),
    );
    expect(dead).toEqual([]);
  });

  it('can be searched without asking anybody', () => {
    expect(files().some((file) => /localSearchIndex/.test(file))).toBe(true);
  });

  it('loads nothing from elsewhere', () => {
    const pages = files().filter((file) => file.endsWith('.html'));
    const foreign = pages.flatMap((page) =>
      [...read(page).matchAll(/<(?:script|link|img)[^>]+(?:src|href)="(https?:[^"]+)"/g)].map(
        ([, url]) => `${page}: ${url}`,
      ),
    );
    expect(foreign).toEqual([]);
  });

  it.runIf(program('chromium'))(
    'has nothing that axe-core finds wrong, in light and dark, wide and narrow',
    async () => {
      const site = await serveStatic(out, BASE);
      const browser = await openChromium();
      try {
        const found = [];
        for (const [colorScheme, width, pages] of SHOWN) {
          const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 } });
          for (const path of pages) {
            await page.goto(`${site.url}${path}.html`);
            await page.waitForSelector('#app .VPContent');
            const faults = await violations(page);
            found.push(...faults.map((fault) => `${path}, ${colorScheme}, ${width}: ${fault}`));
          }
          await page.close();
        }
        expect(found).toEqual([]);
      } finally {
        await browser.close();
        await site.close();
      }
    },
    READ_MS,
  );
});
