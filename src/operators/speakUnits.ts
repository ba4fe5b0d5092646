import { concat, concatMap, defer, filter, finalize, map, type OperatorFunction } from 'rxjs';
import type { PcmChunk } from '../core/types.ts';
import { voiceIndex } from '../models/speak/speakConfig.ts';
import type { UnitSpeaker } from '../models/speak/unitSpeaker.ts';
import type { SpokenUnit } from '../speak/unitWindow.ts';
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
 * same samples. Keeps, per subscription, a place in the vocoder's thread, in which the sound
 * is made too, the last three units and 64 ms of sound.
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
  voiceIndex(speaker.config, voice);
  return function speakUnitsOperator(source) {
    return defer(() => {
      const session = speaker.open(voice);
      const pieces$ = source.pipe(stateful(() => speaker.window(lookAhead)));
      return concat(
        pieces$.pipe(concatMap((piece) => session.sound(piece))),
        defer(() => session.finish()),
      ).pipe(
        filter(({ length }) => length > 0),
        map((samples) => ({ samples })),
        finalize(() => session.close()),
      );
    });
  };
}
