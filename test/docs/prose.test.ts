import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { measureProse, quantile } from '../../scripts/prose/measure.ts';
import { readablePages } from '../../scripts/prose/pages.ts';

const root = resolve(import.meta.dirname, '../..');
const pages = readablePages(root).map((page) => ({
  page,
  ...measureProse(readFileSync(join(root, page), 'utf8')),
}));
const sum = (key: 'lines' | 'tableRows'): number =>
  pages.reduce((total, page) => total + page[key], 0);

// `npm run count:docs` prints the same for every page.
describe('the documents that are to read well', () => {
  it('have fewer than 15 rows of tables in 100 lines', () => {
    expect(sum('tableRows') / sum('lines')).toBeLessThan(0.15);
  });

  it('have sentences of at most 15 words in the median, 25 at the 90th percentile', () => {
    const sentences = pages.flatMap((page) => page.sentences);
    expect(quantile(sentences, 0.5)).toBeLessThanOrEqual(15);
    expect(quantile(sentences, 0.9)).toBeLessThanOrEqual(25);
  });

  it('wrap at 100 columns', () => {
    expect(pages.flatMap(({ page, long }) => long.map((line) => `${page}:${line}`))).toEqual([]);
  });
});
