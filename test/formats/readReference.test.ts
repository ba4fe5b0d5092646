import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { boundariesOf, type Reference, readReference } from '../../src/formats/readReference.ts';
import { readTextGrid } from '../../src/formats/readTextGrid.ts';
import { textGrid } from '../../src/formats/textGrid.ts';
import { shared } from '../helpers/require.ts';
import { formatted, PROVENANCE } from '../helpers/units.ts';

/** Praat's own short form, typed by hand: comments, doubled quotes, one interval a line. */
const SHORT = `File type = "ooTextFile"
Object class = "TextGrid"

0
1.5
<exists>
2
"IntervalTier"
"words"
0
1.5
1
0 1.5 "say ""now""" ! one word
"IntervalTier"
"syllables"
0 1.5 4
0
0.25
"sil"
0.25 0.5 "na"
0.5 1e0 "no"
1 1.5 ""
`;

const refused = (text: string, options = {}): unknown => {
  try {
    return readReference(text, 'x.TextGrid', options);
  } catch (error) {
    return error;
  }
};

describe('readTextGrid', () => {
  it('reads the short form with comments and doubled quotes', () => {
    const { tiers } = readTextGrid(SHORT, 'short');
    expect(tiers.map(({ name }) => name)).toEqual(['words', 'syllables']);
    expect(tiers[0].items).toEqual([{ start: 0, end: 1.5, text: 'say "now"' }]);
  });

  it('reads a file with a byte order mark', () => {
    expect(readTextGrid(`\uFEFF${SHORT}`, 'marked').tiers).toHaveLength(2);
  });

  it('refuses a file that ends early and says which value is missing', () => {
    expect(refused(SHORT.slice(0, SHORT.indexOf('0.5 1e0')))).toMatchObject({
      code: 'SYLSTREAM_ERR_REFERENCE',
      message: expect.stringContaining('an xmin in tier "syllables" (number) as value') as string,
    });
  });

  it('refuses a count that the file does not hold', () => {
    expect(refused(SHORT.replace('0 1.5 4', '0 1.5 4000000000'))).toMatchObject({
      code: 'SYLSTREAM_ERR_REFERENCE',
    });
    expect(refused(SHORT.replace('0 1.5 4', '0 1.5 -1'))).toMatchObject({
      message: expect.stringContaining('expected a count, got -1') as string,
    });
  });

  it('refuses other object classes', () => {
    expect(refused(SHORT.replace('"TextGrid"', '"PitchTier"'))).toMatchObject({
      message: expect.stringContaining('"PitchTier"') as string,
    });
  });
});

describe('readReference', () => {
  it('takes the tier with syllables and leaves silence out', () => {
    const [reference] = readReference(SHORT, 'short');
    expect(reference.syllables.map(({ start, end }) => [start, end])).toEqual([
      [0.25, 0.5],
      [0.5, 1],
    ]);
    expect(reference.boundaries).toEqual([0.25, 0.5, 1]);
  });

  it('takes the tier that is asked for', () => {
    expect(readReference(SHORT, 'short', { tier: 'words' })[0].boundaries).toEqual([0, 1.5]);
    expect(refused(SHORT, { tier: 'phones' })).toMatchObject({
      code: 'SYLSTREAM_ERR_REFERENCE',
      message: expect.stringContaining(
        'has no interval tier "phones" (it has: "words", "syllables")',
      ) as string,
    });
  });

  it("takes the tier of units from this project's own TextGrid", () => {
    const [reference] = readReference(
      formatted(textGrid({ provenance: PROVENANCE })).toString(),
      'own',
    );
    expect(reference.boundaries).toEqual([0.3075, 0.5475625, 0.8075625, 1.2075]);
  });

  it('reads one JSON object, with syllables or with boundaries', () => {
    expect(readReference('{"boundaries": [2, 1]}', 'x')).toEqual([
      { syllables: [], boundaries: [1, 2], source: { assumed: false } },
    ]);
    const [one] = readReference('{"id": "a", "syllables": [{"start": 0.5, "end": 1}]}', 'x');
    expect(one).toMatchObject({ id: 'a', boundaries: [0.5, 1] });
  });

  it.each([
    ['{', 'is no JSON'],
    ['{}', 'has neither "syllables" nor "boundaries"'],
    ['[3]', 'entry 0 is no object'],
    ['{"syllables": [{"start": 1, "end": 1}]}', 'has a syllable without "start" < "end"'],
    ['{"syllables": [{"start": "1", "end": 2}]}', 'has a syllable without "start" < "end"'],
    ['{"boundaries": [null]}', 'has a boundary that is no number'],
    ['hello', 'is no TextGrid'],
    ['', 'is no TextGrid'],
  ])('refuses %s', (text, what) => {
    expect(refused(text)).toMatchObject({
      code: 'SYLSTREAM_ERR_REFERENCE',
      message: expect.stringContaining(what) as string,
    });
  });

  it('counts an end that meets the next start once', () => {
    expect(
      boundariesOf([
        { start: 0, end: 1 },
        { start: 1.01, end: 2 },
      ]),
    ).toEqual([0, 1, 2]);
    expect(
      boundariesOf([
        { start: 0, end: 1 },
        { start: 1.02, end: 2 },
      ]),
    ).toEqual([0, 1, 1.02, 2]);
  });

  const pack = shared('eval-pack');
  it.runIf(pack)('reads the evaluation pack', () => {
    const read = (set: string): Reference[] =>
      readReference(readFileSync(join(String(pack), `${set}.json`), 'utf8'), set);
    const festival = read('festival');
    expect(festival).toHaveLength(60);
    expect(festival.flatMap(({ syllables }) => syllables)).toHaveLength(957);
    expect(read('asterisk-en').flatMap(({ syllables }) => syllables)).toHaveLength(640);
    expect(read('asterisk-fr')).toEqual([]);
  });
});
