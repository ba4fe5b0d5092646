import { PipelineError } from '../../core/errors.ts';
import { hearsWave, type Bundle, type EncoderConfig, type Precision } from '../bundle/bundle.ts';

/** The precisions that a step model may come in. */
export const PRECISIONS: readonly Precision[] = ['int8', 'fp32'];

/** Where in a bundle the model of an encoder's steps lies. */
export function stepModelFile(encoder: EncoderConfig, precision: Precision): string {
  return `onnx/${hearsWave(encoder) ? 'wave' : 'step'}${precision === 'int8' ? '_int8' : ''}.onnx`;
}

/**
 * The path of a bundle's step model in a precision.
 *
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_MISSING` where the bundle has none
 */
export function stepModelPath(
  { directory, manifest, config }: Pick<Bundle, 'directory' | 'manifest' | 'config'>,
  precision: Precision,
): string {
  const file = stepModelFile(config.encoder, precision);
  if (file in manifest.files) return `${directory}/${file}`;
  throw new PipelineError(
    'SYLSTREAM_ERR_BUNDLE_MISSING',
    `expected ${file} in ${directory} for precision ${precision}, and its manifest lists none; ` +
      'choose the other precision or another bundle',
  );
}
