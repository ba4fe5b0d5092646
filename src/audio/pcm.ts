import { checkChoice } from '../core/check.ts';
import { PipelineError } from '../core/errors.ts';
import { isFiniteSample } from '../core/finite.ts';
import type { PcmChunk } from '../core/types.ts';
import type { AudioFormat } from './audioFormat.ts';
import { alawToLinear, mulawToLinear } from './g711.ts';
import type { Machine } from '../core/machine.ts';

/** How a sample is written: signed or unsigned integer, IEEE float, or a G.711 code; the least byte first (`le`) or last. */
export type SampleEncoding =
  | 's16le'
  | 'f32le'
  | 'mulaw'
  | 'alaw'
  | 'u8'
  | 's24le'
  | 's32le'
  | 'f64le'
  | 's16be'
  | 's24be'
  | 's32be'
  | 'f32be'
  | 'f64be';

/** All that raw bytes need to become audio. */
export interface PcmFormat extends AudioFormat {
  readonly encoding: SampleEncoding;
}

interface Codec {
  readonly bytes: number;
  /** The sample at byte `at`, full scale = ±1. */
  readonly read: (view: DataView, at: number) => number;
}

const table = (decode: (code: number) => number): Float32Array =>
  Float32Array.from({ length: 256 }, (_, code) => decode(code));
const MULAW = table(mulawToLinear);
const ALAW = table(alawToLinear);

const CODECS: Readonly<Record<SampleEncoding, Codec>> = {
  s16le: { bytes: 2, read: (view, at) => view.getInt16(at, true) / 2 ** 15 },
  f32le: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  mulaw: { bytes: 1, read: (view, at) => MULAW[view.getUint8(at)] },
  alaw: { bytes: 1, read: (view, at) => ALAW[view.getUint8(at)] },
  u8: { bytes: 1, read: (view, at) => (view.getUint8(at) - 128) / 2 ** 7 },
  s24le: {
    bytes: 3,
    read: (view, at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 2 ** 16) / 2 ** 23,
  },
  s32le: { bytes: 4, read: (view, at) => view.getInt32(at, true) / 2 ** 31 },
  f64le: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  s16be: { bytes: 2, read: (view, at) => view.getInt16(at) / 2 ** 15 },
  s24be: {
    bytes: 3,
    read: (view, at) => (view.getInt8(at) * 2 ** 16 + view.getUint16(at + 1)) / 2 ** 23,
  },
  s32be: { bytes: 4, read: (view, at) => view.getInt32(at) / 2 ** 31 },
  f32be: { bytes: 4, read: (view, at) => view.getFloat32(at) },
  f64be: { bytes: 8, read: (view, at) => view.getFloat64(at) },
};

/** The names of all sample encodings. */
export const SAMPLE_ENCODINGS: readonly SampleEncoding[] = Object.keys(CODECS) as SampleEncoding[];

/** Bytes of one sample. */
export function bytesPerSample(encoding: SampleEncoding): number {
  return CODECS[encoding].bytes;
}

/**
 * Reads bytes that hold whole samples, `[N × bytes]` → `[N]` in [-1, 1].
 *
 * @param samples where they go, `[N]`; by default memory of its own
 * @throws PipelineError `SYLSTREAM_ERR_AUDIO_BYTES` when they do not
 */
export function decodePcm(
  bytes: Uint8Array,
  encoding: SampleEncoding,
  samples: Float32Array = new Float32Array(Math.floor(bytes.length / CODECS[encoding].bytes)),
): Float32Array {
  const { bytes: size, read } = CODECS[encoding];
  if (bytes.length % size !== 0) throw notWhole(encoding, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < samples.length; i++) samples[i] = read(view, i * size);
  return samples;
}

/** Says whether every sample is finite (`isFiniteSample`); integers are. `bytes` hold whole samples. */
export function isFinitePcm(bytes: Uint8Array, encoding: SampleEncoding): boolean {
  if (encoding !== 'f32le' && encoding !== 'f64le') return true;
  const { bytes: size, read } = CODECS[encoding];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += size) if (!isFiniteSample(read(view, at))) return false;
  return true;
}

function notWhole(encoding: SampleEncoding, length: number): PipelineError {
  const size = CODECS[encoding].bytes;
  return new PipelineError(
    'SYLSTREAM_ERR_AUDIO_BYTES',
    `expected ${encoding} samples of ${size} bytes, got ${length} bytes, ${length % size} too many; ` +
      'check the format and that the stream came whole',
  );
}

/**
 * Creates a machine that reads raw bytes as samples in [-1, 1]. Bytes of a sample that is cut by a chunk's end wait for
 * the next chunk; at most seven are kept.
 *
 * The end of the stream in the middle of a sample throws `SYLSTREAM_ERR_AUDIO_BYTES`.
 *
 * @throws TypeError for an encoding that is not in `SAMPLE_ENCODINGS`
 */
export function createPcmDecoder(encoding: SampleEncoding): Machine<Uint8Array, PcmChunk> {
  checkChoice('encoding', encoding, SAMPLE_ENCODINGS);
  const size = CODECS[encoding].bytes;
  const cutSample = new Uint8Array(size);
  let held = 0;
  let bytesSeen = 0;

  return {
    *push(bytes) {
      bytesSeen += bytes.length;
      let at = 0;
      if (held > 0) {
        at = Math.min(size - held, bytes.length);
        cutSample.set(bytes.subarray(0, at), held);
        held += at;
        if (held < size) return;
        held = 0;
        yield { samples: decodePcm(cutSample, encoding) };
      }
      held = (bytes.length - at) % size;
      const whole = bytes.subarray(at, bytes.length - held);
      cutSample.set(bytes.subarray(bytes.length - held));
      if (whole.length > 0) yield { samples: decodePcm(whole, encoding) };
    },
    flush() {
      if (held === 0) return [];
      throw notWhole(encoding, bytesSeen);
    },
  };
}

/** Writes samples `[N]` as `[2N]` bytes of s16le: rounded, and clipped to the 16-bit range. The inverse of reading. */
export function encodeS16le(samples: Float32Array): Uint8Array {
  const bytes = new Uint8Array(2 * samples.length);
  const view = new DataView(bytes.buffer);
  samples.forEach((sample, i) => {
    view.setInt16(2 * i, Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768))), true);
  });
  return bytes;
}
