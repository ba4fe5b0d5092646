import { decodePcm } from '../../src/audio/pcm.ts';
import { encodeSamples } from '../../src/client/encodeSamples.ts';
import type { WireAudioFormat } from '../../src/protocol/index.ts';

/** Samples as bytes of any format of the wire; of G.711 the nearest code. */
export function encodePcm(samples: Float32Array, format: WireAudioFormat): Uint8Array {
  if (format === 's16le' || format === 'f32le') return encodeSamples(samples, format);
  const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
  const values = decodePcm(codes, format);
  codes.sort((a, b) => values[a] - values[b]);
  return Uint8Array.from(samples, (sample) => {
    let [low, high] = [0, 255];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (values[codes[middle]] <= sample) low = middle;
      else high = middle;
    }
    return codes[low];
  });
}
