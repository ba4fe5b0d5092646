import { settingFor } from '../../src/segments/rateDial.ts';
import { describeModel, type WireModel, type WireRate } from '../../src/protocol/index.ts';
import type { StreamPool } from '../../src/streams/pool/poolTypes.ts';

/** What `ready` says of the models at a rate; throws `RangeError` for a rate that the bundle does not offer. */
export function modelInfo({ bundle, lm, speaker }: StreamPool, rate: WireRate): WireModel {
  return {
    ...describeModel(bundle, rate, settingFor(bundle.config.boundaries, rate)),
    lm: lm?.knows(rate) ?? false,
    ...(speaker && { voices: speaker.voices }),
  };
}
