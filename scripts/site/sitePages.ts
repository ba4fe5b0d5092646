import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path/posix';
import { documents } from '../prose/pages.ts';

/** Documents that lie beside what they are about, and what they are called on the site. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'README.md': 'index.md',
  'CONTRIBUTING.md': 'contributing.md',
  'SECURITY.md': 'security.md',
  'RELEASING.md': 'releasing.md',
  'models/small/README.md': 'model-card.md',
  'examples/browser/README.md': 'examples/browser.md',
  'examples/node/README.md': 'examples/node.md',
  'examples/python/README.md': 'examples/python.md',
  'examples/ray/README.md': 'examples/ray.md',
  'examples/notebook/README.md': 'examples/notebook.md',
  'training/README.md': 'recipes.md',
  'test/fixtures/README.md': 'fixtures.md',
};

/** What goes on the site: a document's path in the project → its path on the site. */
export function sitePages(root: string): ReadonlyMap<string, string> {
  const docs = documents(root).filter((page) => page.startsWith('docs/'));
  const elsewhere = Object.entries(ELSEWHERE).filter(([page]) => existsSync(join(root, page)));
  return new Map([
    ...elsewhere,
    ...docs.map((page): [string, string] => [page, onSite(page.slice('docs/'.length))]),
  ]);
}

/**
 * Points the links of a document, which is `page` of the project, to their places on the site: other documents, and pictures
 * under docs. A link to any other file throws, for it would be dead there: name that file by a code span.
 */
export function relinked(
  markdown: string,
  page: string,
  pages: ReadonlyMap<string, string>,
): string {
  const here = dirname(pages.get(page)!);
  return markdown.replaceAll(/\]\(([^)\s#]+)(#[^)\s]*)?\)/g, (whole, path: string, anchor = '') => {
    if (/^[a-z]+:/.test(path)) return whole;
    const target = join(dirname(page), path);
    const place = target.startsWith('docs/pictures/')
      ? target.slice('docs/'.length)
      : pages.get(target);
    if (place === undefined) throw new Error(`${page} links to ${path}, which is not on the site`);
    const link = relative(here, place);
    return `](${link.startsWith('.') ? link : `./${link}`}${anchor})`;
  });
}

function onSite(page: string): string {
  return page.replace(/README\.md$/, 'index.md');
}
