import { PipelineError } from '../../core/errors.ts';
import type { Unit } from '../../core/types.ts';
import { labelIn, type UnitLabels } from '../../core/unitLabels.ts';
import type { Bundle } from '../bundle/bundle.ts';

/** A syllable that a unit stands for. */
export interface SaidSyllable {
  /** Its phones as in CMU's dictionary, for instance `HH IH Z`. */
  readonly phones: string;
  /** How it is most often written, for instance `his`; absent where no word shows it. */
  readonly spelled?: string;
  /** Share of the unit's segments in training speech, 0 to 1. */
  readonly share: number;
}

/** What is known of one unit. */
export interface UnitCard {
  /** 1 to M. */
  readonly id: number;
  /** Share of all segments that are no pause, 0 to 1. */
  readonly share: number;
  /** The commonest first; empty where no syllable has a twentieth of the unit's segments. */
  readonly says: readonly SaidSyllable[];
  /** The units that are taken for it most easily, the nearest first. */
  readonly near: readonly number[];
}

/** What the units of a bundle stand for: `units.json`. */
export interface UnitCards {
  /** Name of the rate that they were counted at. */
  readonly rate: string;
  /** Segments that were counted. */
  readonly segments: number;
  /** All of them: the card of unit i is at i − 1. */
  readonly units: readonly UnitCard[];
  /** What the finer name stands for, 1 to K; the commonest first. Empty for a number that is no finer name. */
  fine(number: number): readonly SaidSyllable[];
  /**
   * The commonest syllable of a unit, by its finer name where it has one: its spelling, or its phones in lower case joined by
   * `·`; undefined for a pause and where nothing is known.
   */
  labelOf(unit: Pick<Unit, 'id' | 'fine' | 'pause'>): string | undefined;
  /** All labels, to send to somebody who has no bundle. */
  labels(): UnitLabels;
}

/** Syllables by their places in the list of them, with their shares. */
type Says = readonly (readonly [syllable: number, share: number])[];

/** `units.json` (docs/bundle.md). */
export interface UnitsFile {
  readonly rate: string;
  readonly segments: number;
  readonly syllables: readonly Omit<SaidSyllable, 'share'>[];
  readonly units: readonly {
    readonly share: number;
    readonly says: Says;
    readonly near: number[];
  }[];
  readonly fine: readonly Says[];
}

/** Where a bundle says what its units stand for. */
export const UNIT_CARDS = 'units.json';

/**
 * What the units of a bundle stand for, of what its `units.json` says.
 *
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_SHAPE` where it is not of this codebook's sizes
 */
export function unitCardsOf(file: UnitsFile, bundle: Bundle): UnitCards {
  checkSizes(file, bundle);
  const said = (rows: Says): readonly SaidSyllable[] =>
    rows.map(([syllable, share]) => ({ ...file.syllables[syllable], share }));
  const units = file.units.map(({ share, says, near }, i) => ({
    id: i + 1,
    share,
    says: said(says),
    near,
  }));
  const fine = file.fine.map(said);
  const labels: UnitLabels = {
    units: units.map(({ says }) => first(says)),
    fine: fine.map(first),
  };
  return {
    rate: file.rate,
    segments: file.segments,
    units,
    fine: (number) => fine[number - 1] ?? [],
    labelOf: (unit) => labelIn(labels, unit),
    labels: () => labels,
  };
}

const first = (says: readonly SaidSyllable[]): string | null =>
  says.length === 0 ? null : labelOf(says[0]);

/** How a syllable is shown where there is room for one word. */
export function labelOf({ spelled, phones }: Omit<SaidSyllable, 'share'>): string {
  return spelled ?? phones.toLowerCase().replaceAll(' ', '·');
}

function checkSizes({ units, fine, syllables }: UnitsFile, bundle: Bundle): void {
  const { merged, centroids } = bundle.config.units;
  const known = [...units.map(({ says }) => says), ...fine].flat();
  const rules: readonly (readonly [boolean, string])[] = [
    [units.length === merged, `${merged} units, found ${units.length}`],
    [fine.length === centroids, `${centroids} finer names, found ${fine.length}`],
    [known.every(([at]) => at < syllables.length), `syllables from 0 to ${syllables.length - 1}`],
    [units.every(({ near }) => near.every((id) => id <= merged)), `neighbours up to ${merged}`],
  ];
  const broken = rules.find(([holds]) => !holds);
  if (broken) {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_SHAPE',
      `${UNIT_CARDS} of ${bundle.directory}: expected ${broken[1]}; make it again (training/bundle/unit_cards.py)`,
    );
  }
}
