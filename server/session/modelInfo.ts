import { settingFor } from '../../src/segments/rateDial.ts';
import type { WireModel, WireRate } from '../../src/protocol/index.ts';
import type { StreamPool } from '../../src/streams/pool/poolTypes.ts';

/** Milliseconds of a token (docs/bundle.md: 2 frames of 10 ms). */
const TOKEN_MS = 20;

/** What `ready` says of the models at a rate; throws `RangeError` for a rate that the bundle does not offer. */
export function modelInfo({ bundle, lm, speaker }: StreamPool, rate: WireRate): WireModel {
  const { encoder, boundaries, units } = bundle.config;
  const setting = settingFor(boundaries, rate);
  return {
    id: bundle.manifest.name,
    sha256: bundle.hash,
    unit_hz: setting.hz,
    frame_hz: 1000 / TOKEN_MS,
    units: units.merged,
    lookahead_ms: (encoder.chunkTokens + encoder.delayTokens) * TOKEN_MS,
    rate,
    lambda: setting.lambda,
    lm: lm?.knows(rate) ?? false,
    ...(speaker && { voices: speaker.voices }),
  };
}
