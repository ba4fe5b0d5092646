import { PipelineError } from '../../core/errors.ts';
import type { Loudspeaker, PlayCommand } from './playCommands.ts';
import { PlayerEnded, playProcess, type PlayProcess } from './playProcess.ts';

/** Plays bytes through the first of some players that does. */
export interface Player {
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when all was played. */
  finish(): Promise<void>;
  /** Falls silent at once, whatever waits. */
  stop(): void;
}

/** A player that took so much, 8 s, plays: more than lies in a pipe or a socket to it. If it ends after that, the next one is not tried. */
const PROVEN_BYTES = 2 ** 18;

/** Makes a player; nothing is started before the first bytes. Its promises reject with `SYLSTREAM_ERR_LOUDSPEAKER`. */
export function createPlayer(
  commands: readonly PlayCommand[],
  onLoudspeaker?: (loudspeaker: Loudspeaker) => void,
): Player {
  const failures: string[] = [];
  /** What the next player would have to play, too; undefined once one is proven. */
  let kept: Uint8Array[] | undefined = [];
  let process: PlayProcess | undefined;
  let isOver = false;

  /** Does something with a player, the next one where that fails. */
  async function attempt(act: (player: PlayProcess) => Promise<void>): Promise<void> {
    while (!isOver) {
      try {
        process ??= await begin();
        return await act(process);
      } catch (error) {
        if (isOver) return;
        if (!(error instanceof PlayerEnded)) throw error;
        if (kept === undefined) throw failed(`it to go on, got the end of ${error.message}`);
        failures.push(error.message);
        process = undefined;
      }
    }
  }

  /** Starts the next player and gives it all that the ones before did not play. */
  async function begin(): Promise<PlayProcess> {
    const command = commands[failures.length];
    if (command === undefined) throw failed(`one, got ${failures.join('; ')}`);
    const next = await playProcess(command);
    if (isOver) next.stop();
    for (const bytes of kept!.slice(0, -1)) await next.write(bytes);
    return next;
  }

  /** It plays, or has played. */
  function prove(): void {
    if (kept !== undefined && !isOver) onLoudspeaker?.(commands[failures.length].loudspeaker);
    kept = undefined;
  }

  return {
    async write(bytes) {
      kept?.push(bytes);
      await attempt((player) => player.write(bytes));
      const taken = kept?.reduce((sum, { length }) => sum + length, 0) ?? PROVEN_BYTES;
      if (taken >= PROVEN_BYTES) prove();
    },
    async finish() {
      if (process === undefined) return;
      kept?.push(new Uint8Array(0)); // stands for what comes after all bytes
      await attempt((player) => player.finish());
      prove();
    },
    stop() {
      isOver = true;
      process?.stop();
    },
  };
}

function failed(what: string): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_LOUDSPEAKER',
    `a loudspeaker: expected ${what}; see that a sound server runs, or install alsa-utils (aplay), ` +
      'pulseaudio-utils (paplay) or ffmpeg (ffplay)',
  );
}
