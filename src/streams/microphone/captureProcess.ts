import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { Observable } from 'rxjs';
import type { CaptureCommand } from './captureCommands.ts';

/** Why a recording process ended; a microphone has no end of its own, so every end is one of these. */
export class CaptureEnded extends Error {
  override readonly name = 'CaptureEnded';
  /** True when it was ended by a signal: it crashed. */
  readonly crashed: boolean;

  constructor(message: string, crashed: boolean) {
    super(message);
    this.crashed = crashed;
  }
}

/** Bytes of standard error that are kept for the message. */
const MAX_SAID_BYTES = 4_096;

/**
 * Runs a recording process and emits what it writes, as it comes. Each subscription starts a process of its own;
 * unsubscribing kills it.
 *
 * Errors: `CaptureEnded`, whenever the process ends or cannot be started.
 */
export function captureProcess(capture: CaptureCommand): Observable<Uint8Array> {
  const { source, command, args, descriptor } = capture;
  return new Observable((subscriber) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
    const pcm = child.stdio[descriptor] as Readable;
    let said = '';
    const end = (why: string, crashed: boolean): void => {
      subscriber.error(new CaptureEnded(`${source}: ${why}`, crashed));
    };
    child.stderr.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-MAX_SAID_BYTES);
    });
    child.stdout.resume();
    pcm.on('data', (bytes: Buffer) => subscriber.next(bytes));
    child.stdin.on('error', () => undefined); // its end is told by `close`
    child.on('error', (error: NodeJS.ErrnoException) => {
      end(error.code === 'ENOENT' ? 'not installed' : error.message, false);
    });
    child.on('close', (status, signal) => {
      const how = signal === null ? `exit status ${status}` : `killed by ${signal}`;
      const last = said.trim().split('\n').at(-1) ?? '';
      end(last === '' ? how : `${last} (${how})`, signal !== null || (status ?? 0) > 128);
    });
    return () => child.kill('SIGKILL'); // it holds nothing but the device
  });
}
