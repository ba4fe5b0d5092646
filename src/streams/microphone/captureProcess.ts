import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { Observable } from 'rxjs';
import { startProgram } from '../../core/startProgram.ts';
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
  const { source } = capture;
  return new Observable((subscriber) => {
    const end = (why: string, crashed: boolean): void => {
      subscriber.error(new CaptureEnded(`${source}: ${why}`, crashed));
    };
    let stop: (() => void) | undefined;
    startProgram(capture.command, capture.args, ['pipe', 'pipe', 'pipe', 'pipe']).then(
      (child) => {
        stop = () => child.kill('SIGKILL'); // it holds nothing but the device
        if (subscriber.closed) stop();
        else hear(child, capture.descriptor, (bytes) => subscriber.next(bytes), end);
      },
      (error: NodeJS.ErrnoException) => {
        end(error.code === 'ENOENT' ? 'not installed' : error.message, false);
      },
    );
    return () => stop?.();
  });
}

function hear(
  child: ChildProcess,
  descriptor: number,
  next: (bytes: Buffer) => void,
  end: (why: string, crashed: boolean) => void,
): void {
  let said = '';
  child.stderr!.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-MAX_SAID_BYTES);
  });
  child.stdout!.resume();
  (child.stdio[descriptor] as Readable).on('data', next);
  child.stdin!.on('error', () => undefined); // its end is told by `close`
  child.on('close', (status, signal) => {
    const how = signal === null ? `exit status ${status}` : `killed by ${signal}`;
    const last = said.trim().split('\n').at(-1) ?? '';
    end(last === '' ? how : `${last} (${how})`, signal !== null || (status ?? 0) > 128);
  });
}
