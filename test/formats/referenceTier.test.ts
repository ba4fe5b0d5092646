import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Tier } from '../../src/formats/readTextGrid.ts';
import { readReference } from '../../src/formats/readReference.ts';
import { chooseTier } from '../../src/formats/referenceTier.ts';
import { shared } from '../helpers/require.ts';

const tiers = (...names: string[]): Tier[] =>
  names.map((name) => ({ name, kind: name.startsWith('p:') ? 'points' : 'intervals', items: [] }));

const chosen = (names: string[], wanted?: string): unknown[] => {
  const found = chooseTier(tiers(...names), wanted);
  return [found?.tier.name, found?.assumed];
};

describe('the tier of a reference', () => {
  it.each([
    ['one that begins with syl', ['phones', 'ortho-syll', 'Syllables'], 'Syllables', false],
    ['one with syl inside', ['words', 'ortho-syll'], 'ortho-syll', false],
    ['our own units, not what they came from', ['units', 'sylstream'], 'units', false],
    ['the first, assumed', ['words', 'phones'], 'words', true],
    ['the first of two speakers, assumed', ['syl A', 'syl B'], 'syl A', true],
    ['no points', ['p:syl', 'words'], 'words', true],
  ])('is %s', (_what, names, name, assumed) => {
    expect(chosen(names)).toEqual([name, assumed]);
  });

  it.each([
    ['as written', ['Phones', 'phones'], 'phones', 'phones'],
    ['in other capitals', ['Words', 'Phones'], 'phones', 'Phones'],
    ['or none at all', ['words'], 'phones', undefined],
  ])('is the one asked for, %s', (_what, names, wanted, name) => {
    expect(chosen(names, wanted)[0]).toBe(name);
  });

  const words = shared('cases/words_phones.TextGrid');
  it.runIf(words)('is assumed where there are words and phones', () => {
    const [{ source }] = readReference(readFileSync(words!, 'utf8'), 'words_phones');
    expect(source).toEqual({ tier: 'words', tiers: ['words', 'phones'], assumed: true });
  });
});
