import { isControl } from '../core/types.ts';
import type { Control, FeatureBlock } from '../core/types.ts';
import { samplesForTokens, TOKEN_SAMPLES } from '../core/time.ts';
import { checkFeatureBlock } from './featureBlock.ts';
import type { Machine } from '../core/machine.ts';
import { createSpeechTeller } from './pauses.ts';

/** Options of `createSlidingMean`. */
export interface SlidingMeanOptions {
  /** D. */
  readonly width: number;
  /** Tokens of a window, 1 or more. */
  readonly windowTokens: number;
  /** Tokens from one window's end to the next, 1 or more. */
  readonly hopTokens: number;
  /** Only speech is averaged, and a window needs so many tokens of it, 1 or more; absent: every token counts. */
  readonly minSpeechTokens?: number | undefined;
}

/** The mean feature of a stretch of the stream. */
export interface PooledWindow {
  /** First sample of the window's first token. */
  readonly start: number;
  /** One past the last sample of its last token. */
  readonly end: number;
  /** The earliest sample at which all of it could be known: a function of the audio alone. */
  readonly decided: number;
  /** Tokens that were averaged: those that are speech, or all of them. */
  readonly counted: number;
  /** `[D]`; absent where too little is speech. */
  readonly vector: Float32Array | undefined;
}

/**
 * Makes the machine that averages features over a sliding window: one window every `hopTokens` from the first whole one on,
 * and at a flush and at the end one more that ends with the last token (shorter than a window where not that much has come).
 * With `minSpeechTokens` the mean is over the tokens that are speech (`createSpeechTeller()`: not below 0; where nothing tells,
 * all are).
 *
 * Rows of a flush count for the windows that end in them; if the stream goes on, those windows stay as they were said, and
 * later ones take the rows that come again. Keeps the features of one window. Sums token by token in float64, so a window
 * depends on nothing but its own rows.
 *
 * Errors: `SYLSTREAM_ERR_ENCODER` for a block that does not fit (a gap, NaN).
 */
export function createSlidingMean(
  options: SlidingMeanOptions,
): Machine<FeatureBlock | Control, PooledWindow> {
  const { width, windowTokens, hopTokens, minSpeechTokens } = options;
  const speech = createSpeechTeller();
  const speaks = new Uint8Array(windowTokens); // beside `ring`
  const ring = new Float32Array(windowTokens * width);
  let next = 0; // tokens kept for good
  let said = 0; // where the last window ended
  let available = 0;

  /** The mean of the window that ends before token `end`; tokens from `next` on are the rows of `scratch`, of which `late` count. */
  function windowTo(end: number, scratch?: FeatureBlock, late?: Uint8Array): PooledWindow {
    const first = Math.max(0, end - windowTokens);
    const sum = new Float64Array(width);
    let counted = 0;
    for (let token = first; token < end; token++) {
      const kept = token < next;
      if (!(kept ? speaks[token % windowTokens] : late![token - next])) continue;
      counted += 1;
      const source = kept ? ring : scratch!.features;
      const offset = (kept ? token % windowTokens : token - next) * width;
      for (let d = 0; d < width; d++) sum[d] += source[offset + d];
    }
    said = end;
    return {
      start: TOKEN_SAMPLES * first,
      end: samplesForTokens(end),
      decided: available,
      counted,
      vector:
        counted < (minSpeechTokens ?? 1)
          ? undefined
          : Float32Array.from(sum, (total) => total / counted),
    };
  }

  const counts = (block: FeatureBlock, row: number): boolean =>
    minSpeechTokens === undefined || !(speech.of(block, row) < 0);

  const onGrid = (end: number): boolean =>
    end >= windowTokens && (end - windowTokens) % hopTokens === 0;

  function* keep(block: FeatureBlock): Generator<PooledWindow> {
    for (let row = 0; row < block.tokens; row++) {
      const from = row * width;
      ring.set(block.features.subarray(from, from + width), (next % windowTokens) * width);
      speaks[next % windowTokens] = Number(counts(block, row));
      next += 1;
      if (onGrid(next) && next > said) yield windowTo(next);
    }
  }

  function* overlay(block: FeatureBlock): Generator<PooledWindow> {
    const last = next + block.tokens;
    const late = Uint8Array.from({ length: block.tokens }, (_, row) => Number(counts(block, row)));
    for (let end = Math.max(next, said) + 1; end <= last; end++) {
      if (onGrid(end) || end === last) yield windowTo(end, block, late);
    }
  }

  function rest(): PooledWindow[] {
    return next > said ? [windowTo(next)] : [];
  }

  return {
    push(value) {
      if (isControl(value)) return value.control === 'flush' ? rest() : [];
      checkFeatureBlock(value, width, next);
      available = value.availableSample;
      return value.scratch ? overlay(value) : keep(value);
    },
    flush: rest,
  };
}
