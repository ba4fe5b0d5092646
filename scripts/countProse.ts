// Prints how the documents read: table rows, words a sentence, long lines. Usage: npm run count:docs
// Reference pages (scripts/prose/pages.ts) come behind the sum, the log is left out; test/docs/prose.test.ts holds the bounds.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { measureProse, quantile } from './prose/measure.ts';
import type { Prose } from './prose/measure.ts';
import { readablePages, REFERENCE } from './prose/pages.ts';

const root = resolve(import.meta.dirname, '..');
console.log('table rows   words: median  p90   sentences   page');
const all = readablePages(root).map(measured);
const sum = (key: 'lines' | 'tableRows'): number => all.reduce((n, prose) => n + prose[key], 0);
print(
  sum('tableRows') / sum('lines'),
  all.flatMap(({ sentences }) => sentences),
  'together',
);
REFERENCE.forEach(measured);

function measured(page: string): Prose {
  const prose = measureProse(readFileSync(join(root, page), 'utf8'));
  print(prose.tableRows / prose.lines, prose.sentences, page);
  for (const line of prose.long) console.log(`    longer than the column: ${page}:${line}`);
  return prose;
}

function print(tableShare: number, sentences: readonly number[], name: string): void {
  const column = (value: number, width: number): string => String(value).padStart(width);
  const share = `${(tableShare * 100).toFixed(1)} %`.padStart(10);
  const words = `${column(quantile(sentences, 0.5), 14)}${column(quantile(sentences, 0.9), 5)}`;
  console.log(`${share}${words}${column(sentences.length, 12)}   ${name}`);
}
