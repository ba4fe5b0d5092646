import type { Bundle } from '../bundle/bundle.ts';
import { readJson } from '../bundle/checkedFiles.ts';
import { UNIT_CARDS, type UnitCards, unitCardsOf, type UnitsFile } from './unitCards.ts';

/**
 * Reads what the units of a bundle stand for; undefined where the bundle does not say.
 *
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_FORMAT` where `units.json` does not follow its schema,
 *   `SYLSTREAM_ERR_BUNDLE_SHAPE` where it is not of this codebook's sizes
 */
export async function readUnitCards(bundle: Bundle): Promise<UnitCards | undefined> {
  if (!(UNIT_CARDS in bundle.manifest.files)) return undefined;
  return unitCardsOf(await readJson<UnitsFile>(bundle.directory, UNIT_CARDS, 'units'), bundle);
}
