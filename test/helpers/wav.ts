/** A chunk of a RIFF file: name, size (its body's unless told otherwise), body and the pad byte of an odd body. */
export function riffChunk(name: string, body: Uint8Array, size: number = body.length): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(size, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}

/** The body of a plain WAV format chunk. */
export function formatBody({
  tag = 1,
  channels = 1,
  sampleRate = 16_000,
  bits = 16,
  blockBytes = Math.ceil(bits / 8) * channels,
  secondBytes = sampleRate * blockBytes,
}: {
  tag?: number;
  channels?: number;
  sampleRate?: number;
  bits?: number;
  blockBytes?: number;
  secondBytes?: number;
}): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt16LE(tag, 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(sampleRate, 4);
  body.writeUInt32LE(secondBytes >>> 0, 8);
  body.writeUInt16LE(blockBytes, 12);
  body.writeUInt16LE(bits, 14);
  return body;
}

/** The same WAV file with its last bytes first: RIFX. Chunks but `fmt ` and `data` lose their bodies. */
export function toRifx(file: Uint8Array): Buffer {
  const out = Buffer.from(file);
  const swap = (at: number, bytes: number): void =>
    out.set(file.subarray(at, at + bytes).toReversed(), at);
  out.write('RIFX', 'latin1');
  swap(4, 4);
  let sampleBytes = 1;
  for (let at = 12; at < file.length;) {
    const name = out.toString('latin1', at, at + 4);
    const size = out.readUInt32LE(at + 4);
    const body = at + 8;
    if (name === 'fmt ') {
      sampleBytes = out.readUInt16LE(body + 14) / 8;
      for (const [offset, bytes] of [[0, 2], [2, 2], [4, 4], [8, 4], [12, 2], [14, 2]]) swap(body + offset, bytes); // prettier-ignore
    } else if (name === 'data') {
      for (let place = body; place < body + size; place += sampleBytes) swap(place, sampleBytes);
    } else out.fill(0, body, body + size);
    swap(at + 4, 4);
    at = body + size + (size % 2);
  }
  return out;
}

/** A `ds64` chunk: the sizes of the file and of the data in 64 bits, a number of samples, an empty table. */
export function ds64(riffSize: number, dataSize: number): Buffer {
  const body = Buffer.alloc(28);
  body.writeBigUInt64LE(BigInt(riffSize), 0);
  body.writeBigUInt64LE(BigInt(dataSize), 8);
  return riffChunk('ds64', body);
}

/** A RIFF file of these chunks. */
export function riff(chunks: readonly Buffer[], size?: number, name = 'RIFF'): Buffer {
  const body = Buffer.concat([Buffer.from('WAVE'), ...chunks]);
  return riffChunk(name, body, size);
}
