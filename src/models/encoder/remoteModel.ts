import type { Bundle, EncoderConfig, Precision } from '../bundle/bundle.ts';
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
  readonly encoder: EncoderConfig;
}

/** What a thread has to know of a server, where there is one. */
export function remoteModel(
  { hash, config }: Pick<Bundle, 'hash' | 'config'>,
  precision: Precision,
  triton: string | undefined,
): RemoteModel | undefined {
  return triton === undefined ? undefined : { triton, hash, precision, encoder: config.encoder };
}

/** What a stream keeps here to go on after its thread's death: keys and values, or the mel that they can be made of again. */
export function keptShape(encoder: EncoderConfig, isRemote: boolean): RingShape {
  return isRemote ? melRingShape(encoder) : ringShape(encoder);
}
