import { concat, concatMap, defer, finalize, ignoreElements, type OperatorFunction } from 'rxjs';
import { encodeS16le } from '../../audio/pcm.ts';
import { checkChoice } from '../../core/check.ts';
import type { PcmChunk } from '../../core/types.ts';
import { type Loudspeaker, LOUDSPEAKERS, playCommand } from './playCommands.ts';
import { createPlayer } from './player.ts';

/** Options of `toLoudspeaker()`. */
export interface ToLoudspeakerOptions {
  /** What plays. Default `auto`: the first of naudiodon, aplay, paplay and ffplay that does. */
  readonly loudspeaker?: Loudspeaker | 'auto' | undefined;
  /** Told which plays, once it has taken 8 s of sound or played all. */
  readonly onLoudspeaker?: ((loudspeaker: Loudspeaker) => void) | undefined;
}

/**
 * Plays 16 kHz mono; emits nothing, and completes when all was heard. Each subscription starts a process of its own with the first
 * chunk; unsubscribing kills it, and the sound is gone with it, whatever waited.
 *
 * `concatMap`, because order matters; what the player does not take yet waits in it.
 *
 * Throws `TypeError` at once for a wrong option. Errors: `SYLSTREAM_ERR_LOUDSPEAKER` where nothing plays, its message says why of each, or
 * where a player breaks off; those of the source.
 *
 * ```ts
 * from([{ id: 17 }, { id: 4 }])
 *   .pipe(speakUnits(models.speaker!), toLoudspeaker())
 *   .subscribe({ complete: () => console.log('said') });
 * ```
 */
export function toLoudspeaker(
  options: ToLoudspeakerOptions = {},
): OperatorFunction<PcmChunk, never> {
  const { loudspeaker = 'auto', onLoudspeaker } = options;
  checkChoice('loudspeaker', loudspeaker, ['auto', ...LOUDSPEAKERS]);
  const commands = (loudspeaker === 'auto' ? LOUDSPEAKERS : [loudspeaker]).map(playCommand);
  return function toLoudspeakerOperator(source) {
    return defer(() => {
      const player = createPlayer(commands, onLoudspeaker);
      return concat(
        source.pipe(concatMap(({ samples }) => player.write(encodeS16le(samples)))),
        defer(() => player.finish()),
      ).pipe(
        ignoreElements(),
        finalize(() => player.stop()),
      );
    });
  };
}
