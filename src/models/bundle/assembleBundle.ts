import { PipelineError } from '../../core/errors.ts';
import {
  hearsWave,
  type Bundle,
  type BundleConfig,
  type LmConfig,
  type Manifest,
} from './bundle.ts';
import { checkLm } from './lmConfig.ts';

/** Files that every bundle has; the ONNX ones are looked for when a precision is loaded. */
const REQUIRED = ['config.json', 'codebook.safetensors'] as const;

/** Says that there is a language model, which is optional. */
export const LM_CONFIG = 'lm/config.json';

/** Checks that a manifest lists what every bundle has. @throws PipelineError `SYLSTREAM_ERR_BUNDLE_FORMAT` */
export function checkManifest(manifest: Manifest, place: string): void {
  for (const path of REQUIRED) {
    if (!(path in manifest.files)) {
      throw new PipelineError(
        'SYLSTREAM_ERR_BUNDLE_FORMAT',
        `manifest.json of ${place} must list ${path} and does not; export the bundle again`,
      );
    }
  }
}

/**
 * Makes a bundle of what was read of it, and checks what no schema can state.
 *
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_FORMAT`, `SYLSTREAM_ERR_BUNDLE_HASH` (the language model belongs to another codebook)
 */
export function assembleBundle(
  directory: string,
  hash: string,
  {
    manifest,
    config,
    lm,
  }: {
    readonly manifest: Manifest;
    readonly config: BundleConfig;
    readonly lm?: LmConfig | undefined;
  },
): Bundle {
  checkNumbers(config);
  if (lm) checkLm(lm, { folder: directory, config, manifest });
  return { directory, hash, manifest, config, ...(lm && { lm }) };
}

/** What a bundle's hash is the SHA-256 of: the lines `sha256  path` in path order, without README.md (docs/bundle.md). */
export function hashedLines(manifest: Manifest): string {
  return Object.entries(manifest.files)
    .filter(([path]) => path !== 'README.md')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, { sha256 }]) => `${sha256}  ${path}\n`)
    .join('');
}

/** What must hold, and how it is said. */
type Rule = readonly [boolean, string];

/** Relations between numbers that a schema cannot state. */
function checkNumbers({ encoder, boundaries }: BundleConfig): void {
  const own: readonly Rule[] = hearsWave(encoder)
    ? [
        [
          encoder.delayTokens <= encoder.windowTokens,
          'encoder.delayTokens must not exceed windowTokens: a window begins before what is wanted of it',
        ],
        [
          encoder.outputs.join() === 'features',
          'encoder.outputs must be ["features"] where frontend is "waveform"',
        ],
      ]
    : [
        [
          encoder.alibiSlopes.length === encoder.heads,
          'encoder.alibiSlopes needs one slope a head',
        ],
        [
          encoder.heads % encoder.kvHeads === 0,
          'encoder.heads must be a multiple of encoder.kvHeads',
        ],
        [(encoder.stemFrames ?? 2) % 2 === 0, 'encoder.stemFrames must be even'],
      ];
  const rules: readonly Rule[] = [
    ...own,
    [encoder.framesPerToken === 2, 'encoder.framesPerToken must be 2'],
    [
      encoder.windowTokens % encoder.chunkTokens === 0,
      'encoder.windowTokens must be a multiple of chunkTokens',
    ],
    [boundaries.minTokens <= boundaries.maxTokens, 'boundaries.minTokens exceeds maxTokens'],
    [boundaries.rates.some(({ name }) => name === 'natural'), 'boundaries.rates lacks "natural"'],
  ];
  for (const [holds, rule] of rules) {
    if (!holds) {
      throw new PipelineError(
        'SYLSTREAM_ERR_BUNDLE_FORMAT',
        `config.json: ${rule}; export the bundle again`,
      );
    }
  }
}
