import { PipelineError } from '../core/errors.ts';
import type { FeatureBlock } from '../core/types.ts';

/**
 * Throws unless a block holds `tokens` rows of `width` finite features (and finite logits) and begins with token `expected`.
 *
 * Errors: `SYLSTREAM_ERR_ENCODER`.
 */
export function checkFeatureBlock(block: FeatureBlock, width: number, expected: number): void {
  const { firstToken, tokens, features, availableSample } = block;
  if (firstToken !== expected) {
    throw refused(`features from token ${expected} on`, `a block from token ${firstToken}`);
  }
  if (features.length !== tokens * width) {
    throw refused(`${tokens} x ${width} features`, `${features.length} numbers`);
  }
  if (!Number.isSafeInteger(availableSample)) {
    throw refused('availableSample to be a number of samples', String(availableSample));
  }
  for (const name of ['boundary', 'speech', 'level'] as const) {
    const row = block[name];
    if (row === undefined) continue;
    if (row.length !== tokens) throw refused(`${tokens} numbers in ${name}`, String(row.length));
    checkFinite(row, name, 1, firstToken);
  }
  checkFinite(features, 'features', width, firstToken);
}

function checkFinite(values: Float32Array, name: string, width: number, firstToken: number): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      const token = firstToken + Math.floor(i / width);
      throw refused('finite numbers', `${values[i]} in ${name} of token ${token}`);
    }
  }
}

function refused(expected: string, got: string): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_ENCODER',
    `the segmenter expected ${expected}, got ${got}; check the bundle that the encoder runs`,
  );
}
