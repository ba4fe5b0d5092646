import { from, lastValueFrom, toArray } from 'rxjs';
import type { Models } from '../../src/models/loadModels.ts';
import { speechUnits } from '../../src/streams/speechUnits.ts';
import { type SpeechUnitsOptions } from '../../src/streams/speechUnitsOptions.ts';
import type { Control, PcmChunk, SpeechEvent, Unit } from '../../src/core/types.ts';
import { cutChunks } from './cuts.ts';
import { CLIPS, clipSamples } from './speech.ts';

/** All events of a stream of chunks. */
export function eventsOf(
  chunks: Iterable<PcmChunk | Control>,
  models: Models,
  options?: SpeechUnitsOptions,
): Promise<SpeechEvent[]> {
  return lastValueFrom(speechUnits(from([...chunks]), models, options).pipe(toArray()));
}

/** The final units among events. */
export function unitsIn(events: readonly SpeechEvent[]): Unit[] {
  return events.flatMap((event) => (event.type === 'unit' ? [event.unit] : []));
}

/** The units of samples at 16 kHz in one chunk. */
export async function wholeUnits(
  samples: Float32Array,
  models: Models,
  options?: SpeechUnitsOptions,
): Promise<Unit[]> {
  return unitsIn(await eventsOf([{ samples }], models, options));
}

/** The units of samples at 16 kHz in random chunks of 1 sample to 10 s. */
export async function cutUnits(
  samples: Float32Array,
  models: Models,
  seed: number,
  options?: SpeechUnitsOptions & { readonly longest?: number },
): Promise<Unit[]> {
  return unitsIn(await eventsOf(cutChunks(samples, seed, options?.longest), models, options));
}

/** Real speech of two people with pauses between, about `seconds` long, at the clips' own level times `gain`. */
export function longSpeech(seconds: number, gain = 1, firstClip = 0): Float32Array {
  const samples = new Float32Array(Math.round(seconds * 16_000));
  for (let at = 0, i = firstClip; at < samples.length; i++) {
    const clip = clipSamples(CLIPS[i % CLIPS.length]);
    samples.set(
      clip.subarray(0, samples.length - at).map((value) => value * gain),
      at,
    );
    at += clip.length + 4000 * (i % 3);
  }
  return samples;
}
