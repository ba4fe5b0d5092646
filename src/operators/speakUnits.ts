import { concatMap, defer, finalize, type OperatorFunction } from 'rxjs';
import type { PcmChunk } from '../core/types.ts';
import { voiceIndex } from '../models/speak/speakConfig.ts';
import type { UnitSpeaker, UnitSpeakerSession } from '../models/speak/unitSpeaker.ts';
import { synthesisFft } from '../speak/fourier.ts';
import { FRAME_WIDTH, silence } from '../speak/frame.ts';
import { createSynthesizer } from '../speak/synthesizer.ts';
import { createUnitWindow, type SpokenUnit, type UnitFrames } from '../speak/unitWindow.ts';
import { stateful } from './stateful.ts';

/** Options of `speakUnits()`. */
export interface SpeakUnitsOptions {
  /** One of `speaker.voices`; default: the first. */
  readonly voice?: string | undefined;
  /** Whether a unit waits for the next one, which it then leads over to; default true. */
  readonly lookAhead?: boolean | undefined;
}

/**
 * Turns units into speech: final ones, whose length is that of `start` to `end`, or predicted ones, which are as long as that unit
 * mostly is.
 *
 * A unit is spoken once the next one has come (`lookAhead`), its last 20 ms with the next. Any way of handing the units over gives the
 * same samples. Keeps, per subscription, a place in the vocoder's thread, the last three units and 64 ms of sound.
 *
 * `concatMap`, because order matters.
 *
 * In: units in order, without gaps. Out: 16 kHz mono, some 150 ms a chunk, from the first unit's beginning on.
 *
 * Throws `SYLSTREAM_ERR_VOICE` at once. Errors: `SYLSTREAM_ERR_UNITS` for what cannot be spoken (an id that is not there, a length of
 * nothing or of an hour, a gap), `SYLSTREAM_ERR_SPEAK`, `SYLSTREAM_ERR_WORKER`, `SYLSTREAM_ERR_CLOSED`, and those of the source.
 *
 * ```ts
 * const models = await loadModels({ speak: true });
 * speechUnits(fromFile('talk.wav'), models)
 *   .pipe(
 *     filter((event) => event.type === 'unit'),
 *     map((event) => event.unit),
 *     speakUnits(models.speaker!, { voice: 'kathleen' }),
 *   )
 *   .subscribe(({ samples }) => play(samples));
 * ```
 */
export function speakUnits(
  speaker: UnitSpeaker,
  options: SpeakUnitsOptions = {},
): OperatorFunction<SpokenUnit, PcmChunk> {
  const { voice, lookAhead } = options;
  const { config, merged } = speaker;
  voiceIndex(config, voice);
  const { usualTokens, sharpen } = config;
  return function speakUnitsOperator(source) {
    return defer(() => {
      const session = speaker.open(voice);
      return source.pipe(
        stateful(() => createUnitWindow({ merged, usualTokens, lookAhead })),
        concatMap((unit) => framesOf(unit, session)),
        stateful(() => createSynthesizer({ sharpen }), synthesisFft),
        finalize(() => session.close()),
      );
    });
  };
}

/** All frames of a unit, the silent ones in their place. */
async function framesOf(
  { places, frames, silentFrom, silent, ...unit }: UnitFrames,
  session: UnitSpeakerSession,
): Promise<Float32Array> {
  const made = places.length > 0 ? await session.frames({ ...unit, places }) : new Float32Array(0);
  if (silent === 0) return made;
  const all = new Float32Array(frames * FRAME_WIDTH);
  const cut = silentFrom * FRAME_WIDTH;
  all.set(made.subarray(0, cut));
  silence(all, silentFrom, silentFrom + silent);
  all.set(made.subarray(cut), (silentFrom + silent) * FRAME_WIDTH);
  return all;
}
