import type { FeatureBlock, Rate, Segment } from '../core/types.ts';
import { boundarySample } from '../core/time.ts';
import type { SegmenterConfig } from './segmenter.ts';
import { toCostGrid } from './costGrid.ts';
import { isPause } from './pauses.ts';
import { meanOfInnerTokens } from './pooling.ts';
import { settingFor } from './rateDial.ts';
import { createTokenRing } from './tokenRing.ts';

/** What the whole-file search works on. */
export interface WholeSearch {
  /** `[n, D]`. */
  readonly features: Float32Array;
  readonly width: number;
  readonly minTokens: number;
  readonly maxTokens: number;
  /** w of the segment that starts with a token. */
  readonly w: (token: number) => number;
  /** Weight of the squared length of the segment that starts with a token. Default 0. */
  readonly even?: ((token: number) => number) | undefined;
  /** λ − g of a boundary before a token; at the end of the features nothing is asked. */
  readonly price: (token: number) => number;
}

/**
 * Returns the boundaries of the cheapest segmentation of a whole recording, in tokens, from 0 to n, both included: the full
 * backtrace that the online search is held against (docs/architecture.md, law 3). No pruning, no prefix sums: each segment's cost is
 * summed from its own first token. Under `minTokens` tokens are one segment; no token gives `[0]`.
 */
export function searchWhole(options: WholeSearch): number[] {
  const { features, width, minTokens, maxTokens, w, even = () => 0, price } = options;
  const n = features.length / width;
  if (n < minTokens) return n === 0 ? [0] : [0, n];
  const best = new Float64Array(n + 1).fill(Infinity); // to node t, λ − g of t left out until t is left
  const back = new Float64Array(n + 1);
  const sum = new Float64Array(width);
  best[0] = 0;
  for (let start = 0; start < n; start++) {
    if (best[start] === Infinity) continue;
    const paid = best[start] + (start === 0 ? 0 : toCostGrid(price(start)));
    sum.fill(0);
    let square = 0;
    for (let end = start + 1; end <= Math.min(n, start + maxTokens); end++) {
      let norm = 0;
      for (let d = 0; d < width; d++) {
        const x = features[(end - 1) * width + d] - features[start * width + d];
        square += x * x;
        sum[d] += x;
        norm += sum[d] * sum[d];
      }
      const length = end - start;
      const cost = Math.max(0, square - norm / length) / width;
      const total = paid + toCostGrid(w(start) * cost + even(start) * length ** 2);
      if (length >= minTokens && total < best[end]) {
        best[end] = total;
        back[end] = start;
      }
    }
  }
  const path = [n];
  for (let node = n; node > 0; path.push(node)) node = back[node];
  return path.toReversed();
}

/**
 * Returns the segments of a whole recording by a full backtrace over the features of all its tokens, in one block from
 * token 0. All segments count as decided at the block's `availableSample`. Throws as `settingFor` does.
 */
export function segmentOffline(
  block: FeatureBlock,
  options: { readonly config: SegmenterConfig; readonly rate?: Rate | undefined },
): Segment[] {
  const { config } = options;
  const { featureWidth: width, logitClamp, minTokens, maxTokens, trimTokens } = config;
  const { w, lambda, even = 0 } = settingFor(config, options.rate ?? 'natural');
  const logit = (token: number): number =>
    Math.min(logitClamp, Math.max(-logitClamp, block.boundary?.[token] ?? 0));
  const cuts = searchWhole({
    features: block.features,
    width,
    minTokens,
    maxTokens,
    w: () => w,
    even: () => even,
    price: (token) => lambda - logit(token),
  });
  const ring = createTokenRing(width);
  for (let token = 0; token < block.tokens; token++) {
    const speech = block.speech?.[token] ?? NaN;
    ring.push({ logit: logit(token), speech, w, lambda, even }, block.features, token * width);
  }
  return cuts.slice(1).map((end, index) => {
    const start = cuts[index];
    return {
      index,
      start: boundarySample(start, config.shiftSamples),
      end: boundarySample(end, config.shiftSamples),
      decided: block.availableSample,
      forced: false,
      pause: isPause(ring, start, end),
      vector: meanOfInnerTokens(ring, { start, end }, { width, trimTokens }),
    };
  });
}
