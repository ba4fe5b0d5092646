import { createAudioWatch } from '../../src/audio/audioWatch.ts';
import { createPauseWatch } from '../../src/segments/pauseWatch.ts';
import { bytesPerSample, decodePcm } from '../../src/audio/pcm.ts';
import { createSignatureWatch } from '../../src/audio/signatureWatch.ts';
import type { PipelineError } from '../../src/core/errors.ts';
import type { WireAudio } from '../../src/protocol/index.ts';
import type { Unit } from '../../src/core/types.ts';

/** Audio of a session that is looked at: the main thread decodes it for this alone. */
const WATCHED_SECONDS = 60;
/** After the first seconds only every so manieth is looked at: a wrong format is wrong throughout. */
const FIRST_SECONDS = 2;
const EVERY_SECONDS = 4;

/** Looks whether what a session gets can be speech in the format that it declared. */
export interface AudioSuspicion {
  /** The bytes of audio that is new, whole moments. */
  audio(bytes: Uint8Array): void;
  unit(unit: Unit): void;
  /** Whether it is settled that somebody speaks, or was told that nobody does. */
  readonly heard: boolean;
  end(): void;
}

/**
 * Creates it; `taken`: for a session of another gateway, whose beginning was looked at there. Each thing is told once, with `SYLSTREAM_ERR_AUDIO_SUSPECT`: a file's bytes, a level that says that the format
 * is wrong or channels that cancel each other out (in the first minute), nothing but pauses.
 */
export function createAudioSuspicion(
  audio: WireAudio,
  warn: (warning: PipelineError) => void,
  taken?: { readonly heard: boolean },
): AudioSuspicion {
  const signature = createSignatureWatch(warn);
  const { fmt, rate, ch } = audio;
  const level = createAudioWatch({ encoding: fmt, sampleRate: rate, channels: ch }, warn);
  const pauses = createPauseWatch(warn, taken?.heard);
  const secondBytes = rate * ch * bytesPerSample(fmt);
  let bytesSoFar = taken ? WATCHED_SECONDS * secondBytes : 0;
  return {
    audio(bytes) {
      const second = Math.floor(bytesSoFar / secondBytes);
      if (second >= WATCHED_SECONDS) return;
      bytesSoFar += bytes.length;
      if (second >= FIRST_SECONDS && second % EVERY_SECONDS !== 0) return;
      signature.push(bytes);
      level.push({ samples: decodePcm(bytes, fmt) });
    },
    unit: (unit) => pauses.unit(unit),
    get heard() {
      return pauses.isOver;
    },
    end() {
      level.flush();
      pauses.end();
    },
  };
}
