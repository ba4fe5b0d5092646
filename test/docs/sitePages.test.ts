import { describe, expect, it } from 'vitest';
import { relinked } from '../../scripts/site/sitePages.ts';
import { code, table } from '../../scripts/site/tables.ts';

const PAGES = new Map([
  ['README.md', 'index.md'],
  ['docs/cli.md', 'cli.md'],
  ['docs/guides/file.md', 'guides/file.md'],
  ['docs/log/README.md', 'log/index.md'],
  ['models/small/README.md', 'model-card.md'],
]);

describe('relinked', () => {
  it('points links to where their documents lie on the site, with their headings', () => {
    const from = (page: string, link: string): string => relinked(`[x](${link})`, page, PAGES);
    expect(from('README.md', 'docs/cli.md#tokenize')).toBe('[x](./cli.md#tokenize)');
    expect(from('docs/guides/file.md', '../cli.md')).toBe('[x](../cli.md)');
    expect(from('docs/cli.md', 'log/README.md')).toBe('[x](./log/index.md)');
    expect(from('docs/guides/file.md', '../../models/small/README.md')).toBe(
      '[x](../model-card.md)',
    );
    expect(from('README.md', 'docs/pictures/a.svg')).toBe('[x](./pictures/a.svg)');
  });

  it('leaves other sites and headings of the same page alone', () => {
    const text = '[a](https://example.org/b.md) [c](#d)';
    expect(relinked(text, 'docs/cli.md', PAGES)).toBe(text);
  });

  it('refuses a link to what is not on the site', () => {
    const link = (): string => relinked('[x](../src/index.ts)', 'docs/cli.md', PAGES);
    expect(link).toThrow('docs/cli.md links to ../src/index.ts, which is not on the site');
  });
});

describe('table', () => {
  it('keeps every cell on its line, and lets nothing in it be read as a tag or a border', () => {
    const text = table(['a'], [['x <y> | z\nw'], [code('<file>')], [code('')]]);
    expect(text.split('\n').slice(2)).toEqual([
      String.raw`| x &lt;y> \| z w |`,
      '| `<file>` |',
      '|  |',
    ]);
  });
});
