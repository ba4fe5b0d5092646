import { PipelineError } from '../../core/errors.ts';
import {
  hearsWave,
  type Bundle,
  type CachedEncoderConfig,
  type EncoderConfig,
  type Precision,
} from '../bundle/bundle.ts';
import { ringShape } from './stepJob.ts';
import type { RingShape } from '../inference/kvRing.ts';
import { melRingShape } from './melRing.ts';

/** A step model that runs elsewhere. */
export interface RemoteModel {
  /** `HOST:PORT` of the Triton server's gRPC. */
  readonly triton: string;
  /** The bundle's hash: the server must have the same. */
  readonly hash: string;
  readonly precision: Precision;
  readonly encoder: CachedEncoderConfig;
}

/**
 * What a thread has to know of a server, where there is one.
 *
 * @throws PipelineError `SYLSTREAM_ERR_REMOTE` for an encoder that hears the waveform
 */
export function remoteModel(
  { hash, config }: Pick<Bundle, 'hash' | 'config'>,
  precision: Precision,
  triton: string | undefined,
): RemoteModel | undefined {
  if (triton === undefined) return undefined;
  return { triton, hash, precision, encoder: cachedEncoder(config.encoder, 'behind Triton') };
}

/** The numbers of an encoder that caches. @throws PipelineError `SYLSTREAM_ERR_REMOTE` for one that hears the waveform */
export function cachedEncoder(encoder: EncoderConfig, where: string): CachedEncoderConfig {
  if (!hearsWave(encoder)) return encoder;
  throw new PipelineError(
    'SYLSTREAM_ERR_REMOTE',
    `expected an encoder that keeps keys and values ${where}, and this bundle's hears windows of the waveform (docs/import.md); ` +
      'it runs in the server itself',
  );
}

/** What a stream keeps here to go on: keys and values, or the inputs that they can be made of again, or that are heard again. */
export function keptShape(encoder: EncoderConfig, isRemote: boolean): RingShape {
  return isRemote || hearsWave(encoder) ? melRingShape(encoder) : ringShape(encoder);
}
