/** Returns a function that turns s16le bytes into samples in [-1, 1); it keeps half a sample until the rest comes. */
export function s16Decoder(): (bytes: Uint8Array) => Float32Array {
  let half = new Uint8Array(0);
  return (bytes) => {
    const all = new Uint8Array(half.length + bytes.length);
    all.set(half);
    all.set(bytes, half.length);
    const view = new DataView(all.buffer);
    const samples = Float32Array.from(
      { length: all.length >> 1 },
      (_, n) => view.getInt16(2 * n, true) / 32_768,
    );
    half = all.slice(2 * samples.length);
    return samples;
  };
}
