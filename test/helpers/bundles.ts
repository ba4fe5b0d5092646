import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseSafetensors } from '../../src/models/bundle/safetensors.ts';
import type { MelBlock } from '../../src/core/types.ts';

const root = resolve(import.meta.dirname, '../..');

/** The bundle with random weights that the export of `training/` writes for tests. */
export const TINY: string = join(root, 'test/fixtures/tiny');
/** The same with a causal encoder of two phases whose embedding hears six frames: the form without a grid of chunks. */
export const TINY_CAUSAL: string = join(root, 'test/fixtures/tiny-causal');
/** An imported network with random weights, whose encoder hears windows of the waveform; from `training/tests/bundle/imports/record.py`. */
export const TINY_WAVE: string = join(root, 'test/fixtures/tiny-wave');
/** A head with random weights for the tiny bundle, from `training/bundle/classifier.py`. */
export const TINY_HEAD: string = join(root, 'test/fixtures/tiny-head');
/** The bundle that users get. */
export const SMALL: string = join(root, 'models/small');
/** Every bundle that the laws must hold for in all ways; `test/laws/wave.test.ts` has them for windows. */
export const BUNDLES: readonly (readonly [name: string, directory: string])[] = [
  ['tiny', TINY],
  ['tiny causal', TINY_CAUSAL],
  ['small', SMALL],
];

/** A bundle's golden tensors: mel before normalisation, and what the fp32 PyTorch network makes of it. */
export interface Golden {
  readonly mel: MelBlock;
  readonly features: Float32Array;
  readonly boundary: Float32Array;
  readonly speech: Float32Array;
}

export function readGolden(directory: string): Golden {
  const path = join(directory, 'golden/tensors.safetensors');
  const tensors = parseSafetensors(readFileSync(path), path);
  const get = (name: string) => tensors.get(name)!.data as Float32Array;
  const mel = get('mel');
  return {
    mel: { firstFrame: 0, frames: mel.length / 128, mel },
    features: get('features'),
    boundary: get('boundary'),
    speech: get('speech'),
  };
}
