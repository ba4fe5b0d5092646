import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
const sections = ['docs/performance.md', 'docs/reliability.md'].flatMap((path) =>
  read(path).split(/^## /m),
);

describe('the benchmarks', () => {
  const names = Object.keys(scripts).filter((name) => name.startsWith('bench:'));

  it.each(names)('%s has a section with its figures', (name) => {
    const about = sections.filter((section) => section.includes(`npm run ${name}`));
    expect(about.some((section) => /\d/.test(section.replaceAll(/`[^`]*`/g, '')))).toBe(true);
  });
});
