import { PipelineError } from '../../core/errors.ts';

/** A tensor of a safetensors file; F16 is widened to float32. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Int16Array;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const BYTES: Readonly<Record<string, number>> = { F32: 4, F16: 2, I32: 4, I16: 2 };

/**
 * Reads all tensors of a safetensors file (8-byte little-endian header length, JSON header, data).
 * Knows the types that a bundle uses: F32, F16, I32, I16.
 *
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_FORMAT` when the file is not what its header says
 */
export function parseSafetensors(bytes: Uint8Array, name: string): Map<string, StoredTensor> {
  const refuse = (what: string): never => {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_FORMAT',
      `${name} is not a safetensors file: ${what}; export the bundle again`,
    );
  };
  if (bytes.byteLength < 8) refuse(`expected at least 8 bytes, found ${bytes.byteLength}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > bytes.byteLength - 8) {
    refuse(`its header claims ${headerBytes} bytes, the file has ${bytes.byteLength - 8}`);
  }
  let header: Record<string, Entry>;
  try {
    header = JSON.parse(
      new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes)),
    ) as typeof header;
  } catch {
    return refuse('its header is not JSON');
  }
  const tensors = new Map<string, StoredTensor>();
  for (const [key, entry] of Object.entries(header)) {
    if (key === '__metadata__') continue;
    const size = BYTES[entry.dtype];
    if (size === undefined) {
      return refuse(
        `tensor ${key} has type ${entry.dtype}, known are ${Object.keys(BYTES).join(', ')}`,
      );
    }
    const [from, to] = entry.data_offsets;
    const count = entry.shape.reduce((a, b) => a * b, 1);
    // A copy of its own, aligned for every type (`slice` of a Node Buffer would share the pool).
    const stored = new Uint8Array(bytes.subarray(8 + headerBytes + from, 8 + headerBytes + to));
    if (stored.byteLength !== count * size) {
      refuse(
        `tensor ${key} [${entry.shape}] needs ${count * size} bytes, found ${stored.byteLength}`,
      );
    }
    tensors.set(key, { shape: entry.shape, data: decode(entry.dtype, stored.buffer) });
  }
  return tensors;
}

function decode(dtype: string, buffer: ArrayBuffer): StoredTensor['data'] {
  if (dtype === 'F32') return new Float32Array(buffer);
  if (dtype === 'I32') return new Int32Array(buffer);
  if (dtype === 'I16') return new Int16Array(buffer);
  return Float32Array.from(new Uint16Array(buffer), halfToFloat);
}

/** Widens one IEEE 754 half (binary16), given as its bits. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
