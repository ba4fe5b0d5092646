import { createWavDecoder } from '../../src/dsp/wav.ts';
import { PageError } from '../pageError.ts';
import { sniffRate } from './sniffRate.ts';
import { toPipelineAudio } from './toPipeline.ts';
import type { PipelineAudio } from './toPipeline.ts';

/** Samples handed to the resampler at a time: 1 s at 48 kHz. */
const STEP_MOMENTS = 48_000;

/**
 * Reads a whole sound file as 16 kHz mono, `[N]`. WAV files go through the project's own reader, so that their samples
 * are those of `sylstream tokenize` bit for bit; everything else through the browser's decoders, at the file's own rate.
 *
 * @throws PageError `unreadable-file` with the decoder's words, PipelineError from the WAV reader
 */
export async function decodeFile(file: Blob): Promise<Float32Array> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const parts = isWav(bytes) ? decodeWav(bytes) : await decodeOther(bytes);
  const samples = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    samples.set(part, at);
    at += part.length;
  }
  if (samples.length === 0) throw new PageError('empty-file');
  return samples;
}

function isWav(bytes: Uint8Array): boolean {
  const name = String.fromCharCode(...bytes.subarray(0, 4));
  return name === 'RIFF' || name === 'RF64';
}

function decodeWav(bytes: Uint8Array): Float32Array[] {
  const decoder = createWavDecoder();
  let audio: PipelineAudio | undefined;
  const parts: Float32Array[] = [];
  for (const out of [...decoder.push(bytes), ...decoder.flush()]) {
    if ('samples' in out) parts.push(...(audio?.push(out.samples) ?? []));
    else audio = toPipelineAudio(out);
  }
  return [...parts, ...(audio?.finish() ?? [])];
}

async function decodeOther(bytes: Uint8Array): Promise<Float32Array[]> {
  const context = new OfflineAudioContext(1, 1, sniffRate(bytes));
  let decoded: AudioBuffer;
  try {
    decoded = await context.decodeAudioData(bytes.slice().buffer);
  } catch (cause) {
    throw new PageError('unreadable-file', { cause });
  }
  const { numberOfChannels: channels, length, sampleRate } = decoded;
  const planes = Array.from({ length: channels }, (_, n) => decoded.getChannelData(n));
  const audio = toPipelineAudio({ sampleRate, channels });
  const parts: Float32Array[] = [];
  for (let from = 0; from < length; from += STEP_MOMENTS) {
    const moments = Math.min(STEP_MOMENTS, length - from);
    const interleaved = new Float32Array(moments * channels);
    for (let i = 0; i < moments; i++) {
      for (let c = 0; c < channels; c++) interleaved[i * channels + c] = planes[c][from + i];
    }
    parts.push(...audio.push(interleaved));
  }
  return [...parts, ...audio.finish()];
}
