import type { FeatureBlock } from '../core/types.ts';
import type { Saved } from '../core/savedState.ts';
import type { TokenRing } from './tokenRing.ts';

/** Says whether tokens [start, end) are a pause: their mean `speech` is below 0. Never where nothing tells (NaN). */
export function isPause(ring: TokenRing, start: number, end: number): boolean {
  let sum = 0;
  for (let token = start; token < end; token++) sum += ring.row(token).speech;
  return sum / (end - start) < 0;
}

/**
 * Tells speech from the room by level alone, for bundles without a `speech` head: a stand-in for its logit, in nepers of
 * power, above 0 for speech.
 */
export interface LevelGate extends Saved {
  /** Takes the level of the next token: the mean of the natural-log mel energies of its frames. */
  next(level: number): number;
  /** The same for a token of a flush, which comes again: nothing is remembered. */
  peek(level: number): number;
}

/** How far above the floor speech begins: 10 dB. */
const MARGIN_NEPERS = Math.log(10);
/** How fast the floor climbs when nothing is as quiet as it was: 3 dB a second, so a breath a few seconds apart holds it. */
const RISE_NEPERS_PER_TOKEN = (0.3 * Math.log(10)) / 50;
/** Where the floor is before anything was heard: a quiet room through an ordinary microphone, full scale being 1. */
const FIRST_FLOOR_NEPERS = -11;

/**
 * Makes a gate whose noise floor falls at once to anything quieter and climbs slowly: the minimum tracker of
 * speech enhancement in its simplest form (R. Martin, "Noise power spectral density estimation based on optimal smoothing
 * and minimum statistics", 2001, without the smoothing). A function of the levels so far, token by token.
 */
export function createLevelGate(): LevelGate {
  let floor = FIRST_FLOOR_NEPERS;
  const peek = (level: number): number =>
    level - Math.min(floor + RISE_NEPERS_PER_TOKEN, level) - MARGIN_NEPERS;
  return {
    peek,
    next(level) {
      const score = peek(level);
      floor = Math.min(floor + RISE_NEPERS_PER_TOKEN, level);
      return score;
    },
    save: (to) => to.numbers(floor),
    restore(from) {
      floor = from.finite();
    },
  };
}

/** Says of each token of a stream, in order, whether it is speech. */
export interface SpeechTeller extends Saved {
  /** Above 0 for speech; NaN where nothing tells. */
  of(block: FeatureBlock, row: number): number;
}

/**
 * Makes a teller: the bundle's `speech` logit; where it has none, the level gate. Rows of a flush are answered and not
 * remembered.
 */
export function createSpeechTeller(): SpeechTeller {
  const { next, peek, save, restore } = createLevelGate();
  return {
    of({ speech, level, scratch }, row) {
      if (speech) return speech[row];
      if (!level) return Number.NaN;
      return scratch ? peek(level[row]) : next(level[row]);
    },
    save,
    restore,
  };
}
