import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../helpers/require.ts';

const root = resolve(import.meta.dirname, '../..');
const BUILD_MS = 540_000;
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
    const args = ['tsx', 'scripts/buildDocs.ts', '--out', out, '--base', '/docs/'];
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
    expect(read('reference/commands.html')).toContain('--max-delay');
    expect(read('reference/messages.html')).toContain('max_delay_ms');
    expect(read('reference/settings.html')).toContain('SYLSTREAM_IDLE_MS');
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
});
