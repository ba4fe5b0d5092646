import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, linksOf } from '../../scripts/prose/links.ts';
import { documents } from '../../scripts/prose/pages.ts';

const root = resolve(import.meta.dirname, '../..');

describe('links of the documents', () => {
  it.each([...documents(root), 'CONTRIBUTING.md', 'RELEASING.md', 'SECURITY.md'])(
    '%s points to files and headings that there are',
    (page) => {
      const text = readFileSync(join(root, page), 'utf8');
      const dead = linksOf(text).filter(({ path, anchor }) => {
        const target = path === '' ? page : join(dirname(page), path);
        if (!existsSync(join(root, target))) return true;
        if (anchor === undefined || !target.endsWith('.md')) return false;
        return !anchorsOf(readFileSync(join(root, target), 'utf8')).includes(anchor);
      });
      expect(dead).toEqual([]);
    },
  );
});
