import { SAMPLE_RATE, TOKEN_SAMPLES } from '../core/time.ts';
import type { WireModel, WireRate } from './messages.ts';

/** What is told of a bundle. */
export interface DescribedBundle {
  readonly hash: string;
  readonly manifest: { readonly name: string };
  readonly config: {
    readonly encoder: { readonly chunkTokens: number; readonly delayTokens: number };
    readonly units: { readonly merged: number };
  };
}

const TOKEN_MS = (1000 * TOKEN_SAMPLES) / SAMPLE_RATE;

/** What `ready` says of a bundle at a rate, whose setting on the dial is `hz` and `lambda`; not of what stands beside the encoder. */
export function describeModel(
  { hash, manifest, config: { encoder, units } }: DescribedBundle,
  rate: WireRate,
  { hz, lambda }: { readonly hz: number; readonly lambda: number },
): Omit<WireModel, 'lm' | 'voices'> {
  return {
    id: manifest.name,
    sha256: hash,
    unit_hz: hz,
    frame_hz: 1000 / TOKEN_MS,
    units: units.merged,
    lookahead_ms: (encoder.chunkTokens + encoder.delayTokens) * TOKEN_MS,
    rate,
    lambda,
  };
}
