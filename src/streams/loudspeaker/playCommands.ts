import { nodeScript } from '../../core/nodeScript.ts';

/** Modules and programs that can play, in the order in which they are tried. */
export const LOUDSPEAKERS = ['naudiodon', 'aplay', 'paplay', 'ffplay'] as const;

/** One of them. */
export type Loudspeaker = (typeof LOUDSPEAKERS)[number];

/** A process that plays the s16le mono PCM that it reads from standard input, to its end. */
export interface PlayCommand {
  readonly loudspeaker: Loudspeaker;
  readonly command: string;
  readonly args: readonly string[];
}

/** Samples a second. */
const RATE = '16000';
/** Sound that a player holds ready, in microseconds: what is heard late, and what a kill cuts off. */
const BUFFER_US = '60000';

/** The command of a player. */
export function playCommand(loudspeaker: Loudspeaker): PlayCommand {
  switch (loudspeaker) {
    case 'naudiodon': {
      const args = [...nodeScript(import.meta.url, 'naudiodonPlayer'), RATE];
      return { loudspeaker, command: process.execPath, args };
    }
    case 'aplay': {
      const args = ['-q', '-t', 'raw', '-f', 'S16_LE', '-r', RATE, '-c', '1', '-B', BUFFER_US, '-'];
      return { loudspeaker, command: 'aplay', args };
    }
    case 'paplay': {
      const args = ['--raw', '--format=s16le', `--rate=${RATE}`, '--channels=1'];
      return { loudspeaker, command: 'paplay', args: [...args, '--latency-msec=60'] };
    }
    case 'ffplay': {
      const quiet = ['-nodisp', '-autoexit', '-loglevel', 'error', '-fflags', 'nobuffer'];
      return {
        loudspeaker,
        command: 'ffplay',
        args: [...quiet, '-f', 's16le', '-ar', RATE, '-i', '-'],
      };
    }
  }
}
