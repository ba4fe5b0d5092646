import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Pages in which one looks things up: fields, options, codes. Nobody reads them from top to bottom, so they are not counted. */
export const REFERENCE = [
  'docs/bundle.md',
  'docs/cli.md',
  'docs/errors.md',
  'docs/metrics.md',
  'docs/protocol.md',
];

/** README and everything under docs, as paths relative to `root`. */
export function documents(root: string): string[] {
  const names = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  const pages = names.filter((name) => name.endsWith('.md')).sort();
  return ['README.md', ...pages.map((name) => `docs/${name.replaceAll('\\', '/')}`)];
}

/** The documents that are to read well: without reference pages and without the log. */
export function readablePages(root: string): string[] {
  return documents(root).filter(
    (page) => !REFERENCE.includes(page) && !page.startsWith('docs/log/'),
  );
}
