import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/core/errors.ts';

const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const headings = [...text.matchAll(/^### (\S+)\n+(.*)$/gm)].map(([, code, body]) => ({
  code,
  body,
}));

describe('docs/errors.md', () => {
  it.each(ERROR_CODES)('has one heading for %s with a text below it', (code) => {
    const found = headings.filter((heading) => heading.code === code);
    expect(found).toHaveLength(1);
    expect(found[0].body.length).toBeGreaterThan(30);
  });

  it('has no heading for a code that is gone, but those of the command line', () => {
    const known: readonly string[] = [...ERROR_CODES, 'SYLSTREAM_ERR_USAGE'];
    expect(headings.map(({ code }) => code).filter((code) => !known.includes(code))).toEqual([]);
  });
});
