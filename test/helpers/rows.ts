import { isControl, type Control, type FeatureBlock } from '../../src/core/types.ts';

/** All rows of a run of feature blocks, by token; later blocks win, as they do for a stream that went on. */
export interface Rows {
  readonly tokens: number;
  readonly features: Float32Array;
  readonly boundary: Float32Array;
  readonly speech: Float32Array;
}

export function joinBlocks(values: readonly (FeatureBlock | Control)[]): Rows {
  const blocks = values.filter((value): value is FeatureBlock => !isControl(value));
  const tokens = Math.max(0, ...blocks.map((block) => block.firstToken + block.tokens));
  const width = blocks.length > 0 ? blocks[0].features.length / blocks[0].tokens : 0;
  const rows = {
    tokens,
    features: new Float32Array(tokens * width).fill(NaN),
    boundary: new Float32Array(tokens).fill(NaN),
    speech: new Float32Array(tokens).fill(NaN),
  };
  for (const block of blocks) {
    rows.features.set(block.features, block.firstToken * width);
    if (block.boundary) rows.boundary.set(block.boundary, block.firstToken);
    if (block.speech) rows.speech.set(block.speech, block.firstToken);
  }
  return rows;
}

/** Largest absolute difference; NaN anywhere (a row that never came) makes it Infinity. */
export function maxDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= most)) most = Number.isNaN(difference) ? Infinity : difference;
  }
  return most;
}
