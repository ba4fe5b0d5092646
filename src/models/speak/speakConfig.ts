import { PipelineError } from '../../core/errors.ts';
import type { Bundle } from '../bundle/bundle.ts';
import { readJson } from '../bundle/checkedFiles.ts';

/** `speak/config.json` (docs/bundle.md). */
export interface SpeakConfig {
  readonly formatVersion: 1;
  /** SHA-256 (hex) of the `codebook.safetensors` whose units it speaks. */
  readonly codebook: string;
  readonly voices: readonly { readonly name: string; readonly about: string }[];
  /** `[M + 1]`: the mean length of each unit in tokens, the pause's first. */
  readonly usualTokens: readonly number[];
  /** How much formants are brought out after the network, 0 to 1. */
  readonly sharpen: number;
  /** K, where it takes the finer numbers of units too; absent where it does not. */
  readonly fine?: number | undefined;
}

const FILE = 'speak/config.json';

/** Whether a bundle can speak its units. */
export function canSpeak(bundle: Bundle): boolean {
  return FILE in bundle.manifest.files;
}

/**
 * Reads and checks what a bundle says of its vocoder.
 *
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_MISSING` for a bundle without one, `SYLSTREAM_ERR_BUNDLE_FORMAT`,
 *   `SYLSTREAM_ERR_BUNDLE_HASH` where it belongs to another codebook
 */
export async function readSpeakConfig(bundle: Bundle): Promise<SpeakConfig> {
  const { directory, config, manifest } = bundle;
  if (!canSpeak(bundle)) {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_MISSING',
      `expected a vocoder (speak/) in ${directory}, and its manifest lists none; ` +
        'name a bundle that has one with --bundle (docs/bundle.md, speak/)',
    );
  }
  const speak = await readJson<SpeakConfig>(directory, FILE, 'speak');
  const codebook = manifest.files['codebook.safetensors'].sha256;
  if (speak.codebook !== codebook) {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_HASH',
      `${FILE} of ${directory}: expected the codebook ${codebook}, whose units the bundle gives, found ` +
        `${speak.codebook}; train and export the vocoder again for this codebook`,
    );
  }
  const { merged, centroids } = config.units;
  if (speak.usualTokens.length !== merged + 1) {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_FORMAT',
      `${FILE} of ${directory}: usualTokens must have ${merged + 1} numbers, has ${speak.usualTokens.length}; ` +
        'export the vocoder again',
    );
  }
  if (speak.fine !== undefined && speak.fine !== centroids) {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_FORMAT',
      `${FILE} of ${directory}: fine must be ${centroids}, the codebook's centroids, is ${speak.fine}; export the vocoder again`,
    );
  }
  return speak;
}

/**
 * The place of a voice; the first one where none is named.
 *
 * @throws PipelineError `SYLSTREAM_ERR_VOICE`
 */
export function voiceIndex({ voices }: SpeakConfig, name?: string): number {
  const found = name === undefined ? 0 : voices.findIndex((voice) => voice.name === name);
  if (found >= 0) return found;
  throw new PipelineError(
    'SYLSTREAM_ERR_VOICE',
    `expected a voice among ${voices.map((voice) => voice.name).join(', ')}, got ${JSON.stringify(name)}`,
  );
}
