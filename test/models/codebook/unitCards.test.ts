import { describe, expect, test } from 'vitest';
import { readBundle } from '../../../src/models/bundle/manifest.ts';
import { readUnitCards } from '../../../src/models/codebook/readUnitCards.ts';
import { labelOf } from '../../../src/models/codebook/unitCards.ts';
import { TINY } from '../../helpers/bundles.ts';
import { bundleWithCards, type UnitsFile } from '../../helpers/unitCards.ts';

describe('readUnitCards', () => {
  test('says nothing of a bundle without units.json', async () => {
    expect(await readUnitCards(await readBundle(TINY))).toBeUndefined();
  });

  test('gives the card of a unit, and a label by the finer name before the unit', async () => {
    const cards = (await readUnitCards(await bundleWithCards()))!;
    expect(cards.units[0]).toEqual({
      id: 1,
      share: 1,
      says: [
        { phones: 'HH IH Z', spelled: 'his', share: 0.75 },
        { phones: 'HH IY Z', share: 0.25 },
      ],
      near: [2],
    });
    expect(cards.labelOf({ id: 1, pause: false })).toBe('his');
    expect(cards.labelOf({ id: 1, fine: 1, pause: false })).toBe('his');
    expect(cards.labelOf({ id: 1, fine: 2, pause: false })).toBe('hh·iy·z');
    expect(cards.labelOf({ id: 2, fine: 3, pause: false })).toBeUndefined();
    expect(cards.labelOf({ id: 0, pause: true })).toBeUndefined();
    expect(labelOf({ phones: 'AH' })).toBe('ah');
    const { units, fine } = cards.labels();
    expect([units.length, units[0]]).toEqual([cards.units.length, 'his']);
    expect(fine.slice(0, 3)).toEqual([null, 'hh·iy·z', null]);
  });

  test.each<[string, (file: UnitsFile) => unknown, string]>([
    ['a unit too few', (file) => ({ ...file, units: file.units.slice(1) }), 'SHAPE'],
    ['a finer name too many', (file) => ({ ...file, fine: [...file.fine, []] }), 'SHAPE'],
    ['a syllable that is not there', (file) => ({ ...file, syllables: [] }), 'SHAPE'],
    [
      'a neighbour that is not there',
      (file) => ({ ...file, units: file.units.map((u) => ({ ...u, near: [1_000] })) }),
      'SHAPE',
    ],
    [
      'a share over 1',
      (file) => ({ ...file, units: [{ share: 2, says: [], near: [] }] }),
      'FORMAT',
    ],
    ['no rate', ({ rate: _rate, ...file }) => file, 'FORMAT'],
  ])('refuses %s', async (_, change, code) => {
    const bundle = await bundleWithCards(change);
    await expect(readUnitCards(bundle)).rejects.toMatchObject({
      code: `SYLSTREAM_ERR_BUNDLE_${code}`,
    });
  });
});
