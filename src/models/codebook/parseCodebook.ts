import { PipelineError } from '../../core/errors.ts';
import type { Bundle } from '../bundle/bundle.ts';
import { parseSafetensors } from '../bundle/safetensors.ts';
import { createCodebook, type Codebook } from './codebook.ts';
import type { Projection } from './projection.ts';

/** Where a bundle keeps its codebook. */
export const CODEBOOK = 'codebook.safetensors';

/**
 * Makes a codebook of the bytes of `codebook.safetensors` and checks its shapes against `config.json`.
 *
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_FORMAT` or `SYLSTREAM_ERR_BUNDLE_SHAPE` where it is not what `docs/bundle.md` says
 */
export function parseCodebook(bundle: Bundle, bytes: Uint8Array): Codebook {
  const tensors = parseSafetensors(bytes, CODEBOOK);
  const { centroids: K, merged } = bundle.config.units;
  const D = bundle.config.encoder.featureWidth;
  const refuse = (what: string): never => {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_SHAPE',
      `${CODEBOOK} of ${bundle.directory}: ${what}; export the bundle again`,
    );
  };
  /** A tensor of floats; where `shape` has no number, any will do. */
  const floats = (name: string, shape: readonly (number | string)[]): Float32Array => {
    const found = tensors.get(name);
    const fits = shape.every((size, i) => typeof size === 'string' || size === found?.shape[i]);
    if (!(found?.data instanceof Float32Array) || found.shape.length !== shape.length || !fits) {
      return refuse(
        `expected ${name} F16 [${shape.join(', ')}], found [${found?.shape.join(', ') ?? 'none'}]`,
      );
    }
    return found.data.every(Number.isFinite)
      ? found.data
      : refuse(`expected finite numbers in ${name}`);
  };
  const readProjection = (): Projection => {
    const hidden = floats('projection.0.bias', ['H']);
    const out = floats('projection.2.bias', ['P']);
    return {
      hidden: { weight: floats('projection.0.weight', [hidden.length, D]), bias: hidden },
      out: { weight: floats('projection.2.weight', [out.length, hidden.length]), bias: out },
    };
  };
  const projection = [...tensors.keys()].some((name) => name.startsWith('projection.'))
    ? readProjection()
    : undefined;
  const centroids = floats('centroids', [K, projection?.out.bias.length ?? D]);
  const units = tensors.get('units');
  if (!(units?.data instanceof Int32Array) || units.shape.length !== 1 || units.shape[0] !== K) {
    return refuse(`expected units I32 [${K}], found [${units?.shape.join(', ') ?? 'none'}]`);
  }
  if (units.data.some((unit) => unit < 1 || unit > merged)) {
    refuse(
      `expected units from 1 to ${merged}, found ${Math.min(...units.data)} to ${Math.max(...units.data)}`,
    );
  }
  return createCodebook({
    confidence: bundle.config.units.confidence,
    centroids,
    units: units.data,
    featureWidth: D,
    ...(projection && { projection }),
  });
}
