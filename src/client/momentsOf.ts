import { PipelineError } from '../core/errors.ts';
import { bytesPerMoment } from '../protocol/index.ts';
import type { WireAudio } from '../protocol/index.ts';
import { encodeSamples } from './encodeSamples.ts';

/** Samples, or a copy of bytes, in the stream's format; throws `SYLSTREAM_ERR_AUDIO_BYTES` for a broken moment. */
export function momentsOf(chunk: Float32Array | Uint8Array, audio: WireAudio): Uint8Array {
  const bytes =
    chunk instanceof Float32Array ? encodeSamples(chunk, audio.fmt) : Uint8Array.from(chunk);
  const size = bytesPerMoment(audio);
  if (bytes.byteLength % size === 0) return bytes;
  const message = `expected whole moments of ${size} bytes, got ${bytes.byteLength} bytes`;
  throw new PipelineError('SYLSTREAM_ERR_AUDIO_BYTES', message);
}
