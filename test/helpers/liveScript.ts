import type { StreamOptions } from '../../src/client/index.ts';
import type { Rate } from '../../src/core/types.ts';
import { bytesPerMoment } from '../../src/protocol/index.ts';
import { seeded } from './cuts.ts';
import { encodePcm } from './encodePcm.ts';
import { longSpeech } from './pipeline.ts';
import type { Script } from './wireScript.ts';

const FORMATS = [
  { format: 's16le', sampleRate: 16_000, channels: 1 },
  { format: 'mulaw', sampleRate: 8_000, channels: 1 },
  { format: 'f32le', sampleRate: 44_100, channels: 2 },
  { format: 'alaw', sampleRate: 48_000, channels: 1 },
] as const;

/** A live stream of its own format, so many seconds long, with flushes and turns of the dial. */
export function liveScript(n: number, seconds: number): Script {
  const random = seeded(n);
  const format = FORMATS[n % FORMATS.length];
  const { channels, sampleRate } = format;
  const values = Math.floor(seconds * sampleRate) * channels;
  const bytes = encodePcm(longSpeech(values / 16_000, 1, n).subarray(0, values), format.format);
  const momentBytes = bytesPerMoment({ fmt: format.format, rate: sampleRate, ch: channels });
  const acts: ('flush' | Rate)[] = ['flush', 5, 'flush', 'natural', 6.25, 'flush', 'flush'];
  const controls = acts
    .map((act) => ({ at: Math.floor((random() * bytes.length) / momentBytes), act }))
    .sort((a, b) => a.at - b.at);
  const options: StreamOptions = {
    ...format,
    partials: n % 2 === 0,
    features: n % 3 === 0,
    backOffMs: 10,
  };
  return { bytes, momentBytes, options, controls };
}
