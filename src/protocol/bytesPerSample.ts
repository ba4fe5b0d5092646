import type { WireAudio, WireAudioFormat } from './messages.ts';

const BYTES: Readonly<Record<WireAudioFormat, number>> = { s16le: 2, f32le: 4, mulaw: 1, alaw: 1 };

/** Whether version 1 knows the format. */
export function isWireAudioFormat(format: string): format is WireAudioFormat {
  return Object.hasOwn(BYTES, format);
}

/** Bytes of a moment: one sample of every channel. */
export function bytesPerMoment(audio: WireAudio): number {
  return BYTES[audio.fmt] * audio.ch;
}
