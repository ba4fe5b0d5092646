import type { Control, PcmChunk, Rate } from '../../src/core/types.ts';
import { createPcmDecoder } from '../../src/audio/pcm.ts';
import { bytesPerMoment, type WireAudioFormat } from '../../src/protocol/index.ts';
import { seeded } from '../../test/helpers/cuts.ts';
import { encodePcm } from '../../test/helpers/encodePcm.ts';
import { longSpeech } from '../../test/helpers/pipeline.ts';

/** A format of the wire. */
export interface Format {
  readonly format: WireAudioFormat;
  readonly sampleRate: number;
  readonly channels: number;
}

/** A live stream's audio and what is turned and flushed in it: a function of its number alone, made piece by piece. */
export interface LiveScript {
  readonly format: Format;
  /** Pieces of audio of `CHUNK_MS`. */
  readonly chunks: number;
  /** The bytes of a piece. */
  bytes(chunk: number): Uint8Array;
  /** What comes before a piece. */
  act(chunk: number): 'flush' | Rate | undefined;
}

/** Milliseconds of audio in a message. */
export const CHUNK_MS = 60;
/** Seconds of speech after which it begins again; of clips of different length, so that no two streams go together. */
const LOOP_SECONDS = 31;
/** Seconds between two flushes or turns of the dial, about. */
const ACT_SECONDS = 2;

const FORMATS: readonly Format[] = [
  { format: 'mulaw', sampleRate: 8000, channels: 1 },
  { format: 's16le', sampleRate: 16_000, channels: 1 },
  { format: 's16le', sampleRate: 48_000, channels: 2 },
  { format: 'f32le', sampleRate: 48_000, channels: 1 },
  { format: 'alaw', sampleRate: 8000, channels: 1 },
  { format: 's16le', sampleRate: 44_100, channels: 1 },
];
const ACTS: readonly ('flush' | Rate)[] = ['flush', 'flush', 'natural', 5, 6.25, 8.33];

/** Makes the scripts of streams `seconds` long. */
export function liveScripts(streams: number, seconds: number): LiveScript[] {
  const loops = FORMATS.map(loopOf);
  return Array.from({ length: streams }, (_, n) => {
    const format = FORMATS[n % FORMATS.length];
    const loop = loops[n % FORMATS.length];
    const size = chunkBytes(format);
    const inLoop = Math.floor(loop.length / size);
    const shift = Math.floor((n * inLoop) / streams);
    const chunks = Math.ceil((seconds * 1000) / CHUNK_MS);
    const random = seeded(n);
    const acts = Array.from({ length: chunks }, () =>
      random() < CHUNK_MS / 1000 / ACT_SECONDS
        ? ACTS[Math.floor(random() * ACTS.length)]
        : undefined,
    );
    return {
      format,
      chunks,
      bytes(chunk) {
        const at = ((chunk + shift) % inLoop) * size;
        return loop.subarray(at, at + size);
      },
      act: (chunk) => acts[chunk],
    };
  });
}

/** A script as `speechUnits()` takes it, made as it is read. */
export function* items(script: LiveScript): Generator<PcmChunk | Control> {
  const decoder = createPcmDecoder(script.format.format);
  let flushes = 0;
  for (let chunk = 0; chunk < script.chunks; chunk++) {
    const act = script.act(chunk);
    if (act === 'flush') yield { control: 'flush', id: `f${flushes++}` };
    else if (act !== undefined) yield { control: 'rate', rate: act };
    yield* decoder.push(script.bytes(chunk));
  }
}

function chunkBytes({ format, sampleRate, channels }: Format): number {
  const moments = Math.floor((sampleRate * CHUNK_MS) / 1000);
  return moments * bytesPerMoment({ fmt: format, rate: sampleRate, ch: channels });
}

/** Speech in a format: what is recorded at 16 kHz, drawn out to the rate by repeating samples. */
function loopOf({ format, sampleRate, channels }: Format, n: number): Uint8Array {
  const speech = longSpeech(LOOP_SECONDS, 1, n);
  const moments = LOOP_SECONDS * sampleRate;
  const samples = Float32Array.from(
    { length: moments * channels },
    (_, i) => speech[Math.floor((Math.floor(i / channels) * 16_000) / sampleRate)] ?? 0,
  );
  return encodePcm(samples, format);
}
