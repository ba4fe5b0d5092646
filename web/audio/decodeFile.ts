import { createWavDecoder } from '../../src/audio/wav.ts';
import { looksLikeWav } from '../../src/audio/wavSignature.ts';
import { decodeSound } from '../../src/browser/decodeSound.ts';
import { PipelineError } from '../../src/core/errors.ts';
import type { PcmFormat } from '../../src/audio/pcm.ts';
import type { PcmChunk } from '../../src/core/types.ts';
import { PageError } from '../pageError.ts';
import { toPipelineAudio } from './toPipeline.ts';
import type { PipelineAudio } from './toPipeline.ts';

/**
 * Reads a whole sound file as 16 kHz mono, `[N]`. WAV files go through the project's own reader, so that their samples
 * are those of `sylstream tokenize` bit for bit; everything else through the browser's decoders, at the file's own rate.
 *
 * @throws PageError `unreadable-file` with the decoder's words, PipelineError from the WAV reader
 */
export async function decodeFile(file: Blob): Promise<Float32Array> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const parts = (looksLikeWav(bytes) ? decodeWav(bytes) : undefined) ?? (await decodeOther(bytes));
  const samples = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    samples.set(part, at);
    at += part.length;
  }
  if (samples.length === 0) throw new PageError('empty-file');
  return samples;
}

/** The samples of a WAV file; undefined for a kind that the reader does not take, and perhaps the browser does. */
function decodeWav(bytes: Uint8Array): Float32Array[] | undefined {
  let audio: PipelineAudio | undefined;
  const parts: Float32Array[] = [];
  try {
    for (const out of readWhole(bytes)) {
      if ('samples' in out) parts.push(...(audio?.push(out.samples) ?? []));
      else audio = toPipelineAudio(out);
    }
  } catch (error) {
    const isUnread = error instanceof PipelineError && error.code === 'SYLSTREAM_ERR_AUDIO_FORMAT';
    if (isUnread && audio === undefined) return undefined;
    throw error;
  }
  return [...parts, ...(audio?.finish() ?? [])];
}

function* readWhole(bytes: Uint8Array): Generator<PcmFormat | PcmChunk> {
  const decoder = createWavDecoder();
  yield* decoder.push(bytes);
  yield* decoder.flush();
}

async function decodeOther(bytes: Uint8Array): Promise<Float32Array[]> {
  const { format, pieces } = await decodeSound(bytes).catch((cause: unknown) => {
    throw new PageError('unreadable-file', { cause });
  });
  const audio = toPipelineAudio(format);
  return [...[...pieces()].flatMap((piece) => audio.push(piece)), ...audio.finish()];
}
