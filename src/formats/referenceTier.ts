import type { Tier } from './readTextGrid.ts';

/** The tier of a TextGrid that is taken for the reference. */
export interface ChosenTier {
  readonly tier: Tier;
  /** True where nothing says that its intervals are syllables: they may be words or phones. */
  readonly assumed: boolean;
}

/** Names of tiers that hold syllables, the surest first: `syllables`, `Syl`; `ortho-syll`. Our own `sylstream` does not. */
const SYLLABLES = [/^syl(?!stream)/i, /syl(?!stream)/i];
/** Where this project's own TextGrids have their units. */
const OWN = 'units';

/**
 * Chooses the interval tier of syllables: the one that is asked for (in any capitals where none is written so), else one
 * whose name begins with `syl`, else has it inside, else `units`, else the first, which is assumed. So is the first of
 * several that would do, such as two speakers'.
 *
 * Undefined where there is none, or the one that is asked for is not there.
 */
export function chooseTier(tiers: readonly Tier[], wanted?: string): ChosenTier | undefined {
  const intervals = tiers.filter((tier) => tier.kind === 'intervals');
  if (wanted !== undefined) {
    const tier =
      intervals.find(({ name }) => name === wanted) ??
      intervals.find(({ name }) => name.toLowerCase() === wanted.toLowerCase());
    return tier && { tier, assumed: false };
  }
  for (const pattern of SYLLABLES) {
    const [tier, ...others] = intervals.filter(({ name }) => pattern.test(name));
    if (tier !== undefined) return { tier, assumed: others.length > 0 };
  }
  const own = intervals.find(({ name }) => name === OWN);
  if (own !== undefined) return { tier: own, assumed: false };
  return intervals.length === 0 ? undefined : { tier: intervals[0], assumed: true };
}
