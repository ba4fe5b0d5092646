import { describe, expect, it } from 'vitest';
import { measureProse, quantile } from '../../scripts/prose/measure.ts';

describe('measureProse', () => {
  it('counts words of sentences across lines, and every list item by itself', () => {
    const text = 'One two three\nfour. Five six?\n\n- seven eight\n  nine\n- ten\n';
    expect(measureProse(text).sentences).toEqual([4, 2, 3, 1]);
  });

  it('takes code, headings, tables and pictures for no sentences, and code for no lines', () => {
    const text =
      '# A heading\n\n```sh\na b c. d e\n```\n| a b | c |\n| --- | --- |\n\n![x y](z.svg)\n';
    expect(measureProse(text)).toMatchObject({ lines: 4, tableRows: 2, sentences: [] });
  });

  it('counts a span of code as one word and a link as its text', () => {
    expect(measureProse('Run `npm run x y` or [the long guide](a.md) now.').sentences).toEqual([7]);
  });

  it('does not end a sentence within a number or a file name', () => {
    expect(measureProse('It has 0.883 of 3.9, see README.md for more.').sentences).toEqual([9]);
  });

  it('tells lines that are too long, where there is a space to wrap at', () => {
    expect(measureProse(`${'word '.repeat(21)}\n`).long).toHaveLength(1);
    expect(measureProse(`${'word '.repeat(20).trim()}\n`).long).toEqual([]);
    expect(measureProse(`- [x](${'a'.repeat(120)})\n`).long).toEqual([]);
  });
});

describe('quantile', () => {
  it('takes the value at or above the share', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(3);
    expect(quantile([1, 2, 3, 4, 5], 0.9)).toBe(5);
    expect(quantile([], 0.5)).toBe(0);
  });
});
