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
}: {
  tag?: number;
  channels?: number;
  sampleRate?: number;
  bits?: number;
  blockBytes?: number;
}): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt16LE(tag, 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(sampleRate, 4);
  body.writeUInt32LE((sampleRate * blockBytes) >>> 0, 8);
  body.writeUInt16LE(blockBytes, 12);
  body.writeUInt16LE(bits, 14);
  return body;
}

/** A RIFF file of these chunks. */
export function riff(chunks: readonly Buffer[], size?: number, name = 'RIFF'): Buffer {
  const body = Buffer.concat([Buffer.from('WAVE'), ...chunks]);
  return riffChunk(name, body, size);
}
