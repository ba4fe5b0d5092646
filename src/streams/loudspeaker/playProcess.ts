import { once } from 'node:events';
import { startProgram } from '../../core/startProgram.ts';
import type { PlayCommand } from './playCommands.ts';

/** A process that plays. */
export interface PlayProcess {
  /** Hands bytes over; resolves when the process may have more. Rejects with `PlayerEnded`. */
  write(bytes: Uint8Array): Promise<void>;
  /** No more; resolves when all was played. Rejects with `PlayerEnded`. */
  finish(): Promise<void>;
  /** Falls silent at once. */
  stop(): void;
}

/** Why a player ended that was to go on. */
export class PlayerEnded extends Error {
  override readonly name = 'PlayerEnded';
}

/** Bytes of standard error that are kept for the message. */
const MAX_SAID_BYTES = 4096;

/** Starts a player; rejects with `PlayerEnded` where it cannot be started. */
export async function playProcess({
  loudspeaker,
  command,
  args,
}: PlayCommand): Promise<PlayProcess> {
  const child = await startProgram(command, args, ['pipe', 'ignore', 'pipe']).catch(
    (error: NodeJS.ErrnoException) => {
      const why = error.code === 'ENOENT' ? 'not installed' : error.message;
      throw new PlayerEnded(`${loudspeaker}: ${why}`);
    },
  );
  const stdin = child.stdin!;
  let said = '';
  stdin.on('error', () => undefined); // its end is told by `close`
  child.stderr!.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-MAX_SAID_BYTES);
  });
  const closed = once(child, 'close') as Promise<[number | null, string | null]>;

  async function end(isExpected: boolean): Promise<void> {
    const [status, signal] = await closed;
    if (isExpected && status === 0) return;
    const how = signal === null ? `exit status ${status}` : `killed by ${signal}`;
    const last = said.trim().split('\n').at(-1) ?? '';
    throw new PlayerEnded(`${loudspeaker}: ${last === '' ? how : `${last} (${how})`}`);
  }

  return {
    async write(bytes) {
      const isTaken = await new Promise<boolean>((done) => {
        stdin.write(bytes, (error) => done(!error));
      });
      if (!isTaken) await end(false);
    },
    async finish() {
      stdin.end();
      await end(true);
    },
    stop: () => child.kill('SIGKILL'), // it holds nothing but the device
  };
}
