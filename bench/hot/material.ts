import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSegmenter, type SegmenterConfig } from '../../src/segments/segmenter.ts';
import { isControl, type FeatureBlock, type Segment } from '../../src/core/types.ts';
import type { CodebookTensors } from '../../src/models/codebook/codebook.ts';
import { defaultBundle, readBundle } from '../../src/models/bundle/manifest.ts';
import { parseSafetensors } from '../../src/models/bundle/safetensors.ts';
import { SAMPLE_RATE, TOKEN_SAMPLES } from '../../src/core/time.ts';

/** What the hot functions are given: a person's speech and its features, from the golden files of the default bundle. */
export interface Material {
  readonly config: SegmenterConfig;
  readonly tensors: CodebookTensors;
  readonly mel: { readonly mean: number; readonly std: number };
  /** Log-mel before normalisation, `[T, 128]`. */
  readonly logMel: Float32Array;
  /** Encoder chunks of features with their logits. */
  readonly blocks: readonly FeatureBlock[];
  readonly segments: readonly Segment[];
  /** Samples at 16 kHz: noise of the length of the speech; arithmetic takes as long for any. */
  readonly samples: Float32Array;
  /** Audio seconds that all of it stands for. */
  readonly seconds: number;
}

/** Reads the material. */
export async function readMaterial(): Promise<Material> {
  const bundle = await readBundle(defaultBundle());
  const { boundaries, units, encoder, mel } = bundle.config;
  const config = { ...boundaries, ...units, ...encoder };
  const open = async (name: string) =>
    parseSafetensors(await readFile(join(bundle.directory, name)), name);
  const golden = await open('golden/tensors.safetensors');
  const codebook = await open('codebook.safetensors');
  const floats = (from: typeof golden, name: string): Float32Array => {
    const data = from.get(name)?.data;
    if (data instanceof Float32Array) return data;
    throw new Error(`expected floats in ${name} of the bundle, found none`);
  };
  const layer = (name: string) => ({
    weight: floats(codebook, `projection.${name}.weight`),
    bias: floats(codebook, `projection.${name}.bias`),
  });
  const { chunkTokens, featureWidth } = encoder;
  const features = floats(golden, 'features');
  const [boundary, speech] = [floats(golden, 'boundary'), floats(golden, 'speech')];
  const blocks: FeatureBlock[] = [];
  for (let from = 0; (from + chunkTokens) * featureWidth <= features.length; from += chunkTokens) {
    const to = from + chunkTokens;
    blocks.push({
      firstToken: from,
      tokens: chunkTokens,
      features: features.subarray(from * featureWidth, to * featureWidth),
      boundary: boundary.subarray(from, to),
      speech: speech.subarray(from, to),
      availableSample: (to + encoder.delayTokens) * TOKEN_SAMPLES,
      scratch: false,
    });
  }
  const segmenter = createSegmenter({ config });
  const pushed = blocks.flatMap((block) => [...segmenter.push(block)]);
  const segments = pushed.flatMap((value) =>
    isControl(value) || 'provisional' in value || value.pause ? [] : [value],
  );
  const seconds = (blocks.length * chunkTokens * TOKEN_SAMPLES) / SAMPLE_RATE;
  return {
    config,
    tensors: {
      centroids: floats(codebook, 'centroids'),
      units: codebook.get('units')!.data as unknown as Int32Array,
      featureWidth,
      projection: { hidden: layer('0'), out: layer('2') },
    },
    mel,
    logMel: floats(golden, 'mel'),
    blocks,
    segments,
    samples: Float32Array.from({ length: seconds * SAMPLE_RATE }, () => Math.random() - 0.5),
    seconds,
  };
}
