import { above, checkNumber, finite, saying, whole } from '../core/check.ts';
import type { Rate } from '../core/types.ts';

/** One calibrated position of the dial: `config.json` `boundaries.rates`, docs/bundle.md. */
export interface RateSetting {
  /** `natural`, or the number as text. */
  readonly name: string;
  /** Units per second of non-pause that it gave on the development split. */
  readonly hz: number;
  /** Weight of a segment's cost, above 0. */
  readonly w: number;
  /** Price of a segment; may be negative. */
  readonly lambda: number;
  /**
   * Weight of a segment's squared length in tokens, 0 or more. Default 0. It draws segments towards one length, so that the
   * rate depends less on how fast somebody speaks.
   */
  readonly even?: number | undefined;
}

/** What the search for boundaries needs from a bundle: `config.json` `boundaries`, docs/bundle.md. */
export interface BoundaryConfig {
  /** Shortest segment in tokens, 1 or more. */
  readonly minTokens: number;
  /** Longest segment in tokens, at least `2·minTokens − 1`, so that any stretch from `minTokens` on can be cut. */
  readonly maxTokens: number;
  /** Boundary logits are clamped to ± this. */
  readonly logitClamp: number;
  /** Samples added to a boundary's place; above −440, so that the boundary before token 1 comes after sample 0. */
  readonly shiftSamples: number;
  /** `natural` and the numbered rates, those ascending in `hz`. */
  readonly rates: readonly RateSetting[];
}

const NATURAL = 'natural';

/** The numbered rates of a bundle, ascending. */
export function numberedRates(config: BoundaryConfig): readonly RateSetting[] {
  return config.rates.filter((setting) => setting.name !== NATURAL);
}

/**
 * Returns the weights of a rate: those of the calibration for `'natural'` and for a calibrated number, linear in hz
 * between two neighbouring numbers (docs/bundle.md).
 *
 * Throws a `RangeError` outside of the calibrated numbers, and a `TypeError` for anything but `'natural'` or a number.
 */
export function settingFor(config: BoundaryConfig, rate: Rate): RateSetting {
  if (rate === NATURAL) {
    const natural = config.rates.find((setting) => setting.name === NATURAL);
    if (natural === undefined) {
      throw new RangeError(`config.rates must hold 'natural', got ${names(config.rates)}`);
    }
    return natural;
  }
  if (typeof rate !== 'number') {
    throw new TypeError(
      `rate must be 'natural' or a number of units a second, got ${String(rate)}`,
    );
  }
  const numbered = numberedRates(config);
  const upper = numbered.findIndex((setting) => setting.hz >= rate);
  const above = numbered[upper];
  if (above?.hz === rate) return above;
  const below = numbered[upper - 1];
  if (above === undefined || below === undefined) {
    const span =
      numbered.length === 0 ? 'no number at all' : `${numbered[0].hz} to ${numbered.at(-1)?.hz}`;
    throw new RangeError(`rate must be 'natural' or within the bundle's ${span}, got ${rate}`);
  }
  const part = (rate - below.hz) / (above.hz - below.hz);
  const between = (from: number, to: number): number => from + part * (to - from);
  return {
    name: String(rate),
    hz: rate,
    w: between(below.w, above.w),
    lambda: between(below.lambda, above.lambda),
    even: between(below.even ?? 0, above.even ?? 0),
  };
}

/** Throws a `RangeError` that names the first number of a boundary configuration that cannot work. */
export function checkBoundaryConfig(config: BoundaryConfig): void {
  const { minTokens, maxTokens, logitClamp, shiftSamples } = config;
  checkNumber('config.minTokens', minTokens, whole(1));
  const longest = whole(2 * minTokens - 1);
  checkNumber('config.maxTokens', maxTokens, saying(longest, `${longest.says} (2·minTokens − 1)`));
  checkNumber('config.logitClamp', logitClamp, finite(0));
  checkNumber('config.shiftSamples', shiftSamples, whole(-439));
  for (const { name, hz, w, lambda, even = 0 } of config.rates) {
    const at = `config.rates['${name}']`;
    checkNumber(`${at}.hz`, hz, above(0));
    checkNumber(`${at}.w`, w, above(0));
    checkNumber(`${at}.lambda`, lambda, finite());
    checkNumber(`${at}.even`, even, finite(0));
  }
  const numbered = numberedRates(config);
  const ascending = numbered.every((setting, i) => i === 0 || numbered[i - 1].hz < setting.hz);
  if (!ascending) {
    throw new RangeError(`config.rates must be ascending in hz, got ${names(numbered)}`);
  }
}

function names(rates: readonly RateSetting[]): string {
  return `[${rates.map((setting) => setting.name).join(', ')}]`;
}
