import { checkChoice } from '../core/check.ts';
import { PRECISIONS } from './encoder/stepModel.ts';
import { fft } from '../mel/pffft.ts';
import { speex } from '../audio/speex.ts';
import type { Bundle } from './bundle/bundle.ts';
import { type Precision } from './bundle/bundle.ts';
import { createCachedEncoder } from './encoder/cachedEncoder.ts';
import type { Codebook } from './codebook/codebook.ts';
import { createUnitLm } from './lm/createUnitLm.ts';
import type { EncoderBackend } from './encoder/encoder.ts';
import type { PoolOptions } from './inference/inferencePool.ts';
import { defaultBundle, readBundle } from './bundle/manifest.ts';
import { readCodebook } from './codebook/readCodebook.ts';
import { createUnitSpeaker, type UnitSpeaker } from './speak/unitSpeaker.ts';
import type { UnitLm } from './lm/unitLm.ts';

/** Everything that a stream needs weights for; one for the whole process, shared by all streams. */
export interface Models {
  readonly bundle: Bundle;
  readonly encoder: EncoderBackend;
  readonly codebook: Codebook;
  /** The unit language model; absent where the bundle has none or `lm: false` was asked for. */
  readonly lm?: UnitLm;
  /** What speaks units; there where `speak: true` was asked for. */
  readonly speaker?: UnitSpeaker;
  /** Ends the inference threads; streams under way fail with `SYLSTREAM_ERR_CLOSED`. */
  close(): Promise<void>;
}

/** Options of `loadModels()`; `workers`, `maxBatch` and `onThread` are those of the encoder's pool. */
export interface LoadModelsOptions extends PoolOptions {
  /** A bundle's folder; default: the one that comes with the package. */
  readonly bundle?: string | undefined;
  /** Default `int8`. */
  readonly precision?: Precision | undefined;
  /** `HOST:PORT` of a Triton server that runs the encoder's steps (docs/scale.md); default: they are run here. */
  readonly triton?: string | undefined;
  /** Loads the bundle's language model too, where it has one; default true. It takes a thread of its own. */
  readonly lm?: boolean | undefined;
  /** Loads the bundle's vocoder too, in a thread of its own, and fails where it has none; default false. */
  readonly speak?: boolean | undefined;
  /** Told in one line when a provider of the list was refused; default `console.warn`. */
  readonly onRefused?: ((line: string) => void) | undefined;
}

/**
 * Reads and checks a bundle, starts the inference threads and loads the weights into them.
 *
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_…` when the bundle is not whole, `SYLSTREAM_ERR_PROVIDER` when no
 *   provider of the list runs it, `SYLSTREAM_ERR_ENGINE` when ONNX Runtime does not load on this system
 * @throws RangeError for `workers` (1 to 64) or `maxBatch` (1 to 256) out of range; TypeError for an unknown precision
 */
export async function loadModels(options: LoadModelsOptions = {}): Promise<Models> {
  const { precision = 'int8' } = options;
  checkChoice('precision', precision, PRECISIONS);
  // So that streams that begin once the models are there never wait for it.
  await Promise.all([fft.load(), speex.load()]);
  const bundle = await readBundle(options.bundle ?? defaultBundle());
  const codebook = await readCodebook(bundle);
  const {
    providers,
    onRefused = (line: string) =>
      console.warn(`sylstream: provider refused, trying the next: ${line}`),
  } = options;
  const encoder = await createCachedEncoder(bundle, { ...options, precision, onRefused });
  let lm: UnitLm | undefined;
  let speaker: UnitSpeaker | undefined;
  const close = async () =>
    void (await Promise.all([encoder.close(), lm?.close(), speaker?.close()]));
  try {
    if (bundle.lm && options.lm !== false) {
      lm = await createUnitLm(bundle, { precision, providers, onRefused });
    }
    if (options.speak) speaker = await createUnitSpeaker(bundle, { providers, onRefused });
    return { bundle, encoder, codebook, ...(lm && { lm }), ...(speaker && { speaker }), close };
  } catch (error) {
    await close();
    throw error;
  }
}
