import { PipelineError } from '../../core/errors.ts';
import type { Bundle, Precision } from '../bundle/bundle.ts';

/** The precisions that a step model may come in. */
export const PRECISIONS: readonly Precision[] = ['int8', 'fp32'];

/**
 * The path of a bundle's step model in a precision.
 *
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_MISSING` where the bundle has none
 */
export function stepModelPath(
  { directory, manifest }: Pick<Bundle, 'directory' | 'manifest'>,
  precision: Precision,
): string {
  const file = precision === 'int8' ? 'onnx/step_int8.onnx' : 'onnx/step.onnx';
  if (file in manifest.files) return `${directory}/${file}`;
  throw new PipelineError(
    'SYLSTREAM_ERR_BUNDLE_MISSING',
    `expected ${file} in ${directory} for precision ${precision}, and its manifest lists none; ` +
      'choose the other precision or another bundle',
  );
}
