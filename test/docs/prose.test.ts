import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { measureProse, quantile } from '../../scripts/prose/measure.ts';
import { documents, readablePages, REFERENCE } from '../../scripts/prose/pages.ts';

const root = resolve(import.meta.dirname, '../..');
const measured = (page: string) => ({
  page,
  ...measureProse(readFileSync(join(root, page), 'utf8')),
});
const pages = readablePages(root).map(measured);
const sum = (key: 'lines' | 'tableRows'): number =>
  pages.reduce((total, page) => total + page[key], 0);

// `npm run count:docs` prints the same for every page.
describe('the documents that are to read well', () => {
  it('have fewer than 15 rows of tables in 100 lines', () => {
    expect(sum('tableRows') / sum('lines')).toBeLessThan(0.15);
  });

  it.each([
    ['', pages],
    [', pages of reference too', REFERENCE.map(measured)],
  ])('have sentences of at most 15 words in the median, 25 at the 90th percentile%s', (_, some) => {
    const sentences = some.flatMap((page) => page.sentences);
    expect(quantile(sentences, 0.5)).toBeLessThanOrEqual(15);
    expect(quantile(sentences, 0.9)).toBeLessThanOrEqual(25);
  });

  it('wrap at 100 columns', () => {
    const all = documents(root).filter((page) => !page.startsWith('docs/log/'));
    const long = all.map(measured).flatMap((one) => one.long.map((line) => `${one.page}:${line}`));
    expect(long).toEqual([]);
  });
});
