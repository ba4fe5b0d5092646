import { PipelineError } from '../../core/errors.ts';
import type { Bundle, BundleConfig, LmConfig, Manifest } from './bundle.ts';

/**
 * Checks what the schema of `lm/config.json` cannot state: that it belongs to this bundle, and that its numbers agree.
 *
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_HASH` for another codebook, `SYLSTREAM_ERR_BUNDLE_FORMAT` for the rest
 */
export function checkLm(
  lm: LmConfig,
  bundle: { readonly folder: string; readonly config: BundleConfig; readonly manifest: Manifest },
): void {
  const { folder, config, manifest } = bundle;
  const codebook = manifest.files['codebook.safetensors'].sha256;
  if (lm.codebook !== codebook) {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_HASH',
      `lm/config.json of ${folder}: expected the codebook ${codebook}, whose units the bundle gives, found ` +
        `${lm.codebook}; train and export the language model again for this codebook`,
    );
  }
  const { merged } = config.units;
  const rules: readonly (readonly [boolean, string])[] = [
    [lm.vocabulary === merged + 2, `vocabulary must be ${merged + 2}, units.merged and 2`],
    [lm.alibiSlopes.length === lm.heads, 'alibiSlopes needs one slope a head'],
    [lm.heads % lm.kvHeads === 0, 'heads must be a multiple of kvHeads'],
    [
      config.boundaries.rates.some(({ name }) => name === lm.rate),
      'rate must be one of boundaries.rates',
    ],
  ];
  const broken = rules.find(([holds]) => !holds);
  if (broken) {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_FORMAT',
      `lm/config.json of ${folder}: ${broken[1]}; export the bundle again`,
    );
  }
}

/** What is said where a language model is wanted and the bundle has none, or lacks a file of it. */
export function lmMissing({ directory }: Bundle, file = 'lm/'): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_BUNDLE_MISSING',
    `expected a language model (${file}) in ${directory}, and its manifest lists none; ` +
      'name a bundle that has one with --bundle (docs/bundle.md, lm/)',
  );
}
