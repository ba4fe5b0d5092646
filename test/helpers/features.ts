import type { SegmenterConfig } from '../../src/segments/segmenter.ts';
import type { Control, FeatureBlock } from '../../src/core/types.ts';
import { samplesForTokens } from '../../src/core/time.ts';
import { seeded } from './cuts.ts';

/** A dial as a bundle has it, for features of unit scale; `over` replaces what a test is about. */
export function segmenterConfig(over: Partial<SegmenterConfig> = {}): SegmenterConfig {
  return {
    minTokens: 3,
    maxTokens: 50,
    logitClamp: 6,
    shiftSamples: 0,
    rates: [
      { name: 'natural', hz: 4.6, w: 1, lambda: 3 },
      { name: '5.0', hz: 5, w: 1, lambda: 2.5 },
      { name: '6.25', hz: 6.25, w: 1, lambda: 1 },
      { name: '8.33', hz: 8.33, w: 1, lambda: 0.2 },
    ],
    trimTokens: 1,
    featureWidth: 4,
    ...over,
  };
}

/** What to make up: piecewise constant vectors with noise, and heads that half know the boundaries. */
export interface MadeUp {
  readonly tokens: number;
  readonly width?: number;
  readonly seed: number;
  readonly noise?: number;
  /** Added to every feature. */
  readonly offset?: number;
  readonly boundary?: boolean;
  /** Every such syllable is silence; 0 for none. */
  readonly pauseEvery?: number;
  readonly speech?: boolean;
}

/** One block of all tokens: syllables of 4 to 18 tokens (mean 0.22 s), Gaussian noise of the given deviation. */
export function madeUp(options: MadeUp): FeatureBlock {
  const { tokens, width = 4, seed, noise = 0.5, offset = 0, pauseEvery = 0 } = options;
  const random = seeded(seed);
  const gauss = (): number =>
    Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const features = new Float32Array(tokens * width);
  const boundary = new Float32Array(tokens);
  const speech = new Float32Array(tokens);
  let level = new Float64Array(width);
  let left = 0;
  let syllable = 0;
  let silent = false;
  for (let token = 0; token < tokens; token++) {
    const begins = left === 0;
    if (begins) {
      left = 4 + Math.floor(random() * 15);
      level = Float64Array.from({ length: width }, gauss);
      syllable += 1;
      silent = pauseEvery > 0 && syllable % pauseEvery === 0;
    }
    left -= 1;
    for (let d = 0; d < width; d++) {
      features[token * width + d] = offset + (silent ? 0 : level[d]) + noise * gauss();
    }
    boundary[token] = (begins ? 2 : -2) + 2 * gauss();
    speech[token] = (silent ? -3 : 3) + gauss();
  }
  return {
    firstToken: 0,
    tokens,
    features,
    ...(options.boundary && { boundary }),
    ...(options.speech && { speech }),
    availableSample: samplesForTokens(tokens),
    scratch: false,
  };
}

/** Rows [from, to) of a block. */
export function rows(
  whole: FeatureBlock,
  from: number,
  to: number,
  over: { readonly availableSample: number; readonly scratch?: boolean },
): FeatureBlock {
  const width = whole.features.length / whole.tokens;
  return {
    firstToken: from,
    tokens: to - from,
    features: whole.features.slice(from * width, to * width),
    ...(whole.boundary && { boundary: whole.boundary.slice(from, to) }),
    ...(whole.speech && { speech: whole.speech.slice(from, to) }),
    ...(whole.level && { level: whole.level.slice(from, to) }),
    availableSample: over.availableSample,
    scratch: over.scratch ?? false,
  };
}

/** How an encoder would hand a recording over. */
export interface Grid {
  readonly chunk?: number;
  readonly delay?: number;
  /** Token counts after which a flush comes. */
  readonly flushes?: readonly number[];
}

/**
 * Cuts a recording as `encode()` does: one block an encoder chunk, `delay` tokens back, `available` when the chunk's audio
 * is; scratch blocks of all that is missing before each flush and at the end.
 */
export function onGrid(whole: FeatureBlock, grid: Grid = {}): (FeatureBlock | Control)[] {
  const { chunk = 8, delay = 4, flushes = [] } = grid;
  const out: (FeatureBlock | Control)[] = [];
  let given = 0;
  const scratchUpTo = (tokens: number): void => {
    if (tokens <= given) return;
    const availableSample = samplesForTokens(tokens);
    out.push(rows(whole, given, tokens, { availableSample, scratch: true }));
  };
  for (let tokens = 0; tokens <= whole.tokens; tokens++) {
    if (tokens > 0 && tokens % chunk === 0 && tokens - delay > given) {
      const availableSample = samplesForTokens(tokens);
      out.push(rows(whole, given, tokens - delay, { availableSample }));
      given = tokens - delay;
    }
    if (flushes.includes(tokens)) {
      scratchUpTo(tokens);
      out.push({ control: 'flush', id: tokens });
    }
  }
  scratchUpTo(whole.tokens);
  return out;
}
