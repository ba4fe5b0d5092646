import type { WireAudioFormat } from '../protocol/index.ts';

/**
 * Samples in [-1, 1] as bytes of a format: `s16le` rounds and clips, `f32le` keeps all. Throws `TypeError` for the
 * telephone formats: bytes in them can be written as they are.
 */
export function encodeSamples(samples: Float32Array, format: WireAudioFormat): Uint8Array {
  if (format === 's16le') {
    const view = new DataView(new ArrayBuffer(2 * samples.length));
    samples.forEach((sample, index) => {
      const value = Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768)));
      view.setInt16(2 * index, value, true);
    });
    return new Uint8Array(view.buffer);
  }
  if (format === 'f32le') {
    const view = new DataView(new ArrayBuffer(4 * samples.length));
    samples.forEach((sample, index) => view.setFloat32(4 * index, sample, true));
    return new Uint8Array(view.buffer);
  }
  throw new TypeError(
    `samples cannot be written as ${format}; write bytes, or choose s16le or f32le`,
  );
}
