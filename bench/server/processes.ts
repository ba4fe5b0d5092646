import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What a child process is to be. */
export interface ChildOptions {
  /** `server`: all of it; `transport`: the server with a pipeline that does nothing; `echo`: bare `ws`; `pipeline`: no sockets. */
  readonly role: 'server' | 'transport' | 'echo' | 'pipeline';
  readonly bundle?: string;
  /** Threads that own streams; default: the cores. */
  readonly shards?: number;
  /** Live streams let in; 0: measured. */
  readonly capacity: number;
  /** Loopback is nobody special, and a proxy at 127.0.0.1 is trusted: clients come as from outside. */
  readonly strangers?: boolean;
  /** For `pipeline` alone. */
  readonly streams: number;
  readonly seconds: number;
  readonly chunkMs: number;
}

/** What a child process says of itself since it was asked last. */
export interface ChildFigures {
  readonly loopDelayP99Ms: number;
  readonly cpuCores: number;
  readonly rssMib: number;
  /** Heap and buffers after a collection. */
  readonly heapMib: number;
  /** Kinds of open handles with their numbers. */
  readonly handles: readonly string[];
  /** Runs by batch size. */
  readonly batches: readonly number[];
}

/** How a child process ended. */
export interface ChildEnd {
  /** Open handles after everything was closed. */
  readonly handles: readonly string[];
  /** Whether it ended without force. */
  readonly isOwn: boolean;
}

const END_MS = 10_000;

/** A child process with its first message. */
export interface Child<T> {
  readonly first: T;
  /** Asks for its figures, and starts them anew. */
  figures(): Promise<ChildFigures>;
  /** Asks it to close everything; resolves once it ended, by itself or after 10 s by force. */
  close(): Promise<ChildEnd>;
  stop(): void;
}

/** Starts a process of its own for a role and waits for its first message. */
export async function startChild<T>(options: ChildOptions): Promise<Child<T>> {
  const path = join(import.meta.dirname, 'child.ts');
  const child: ChildProcess = fork(path, [JSON.stringify(options)], {
    execArgv: ['--import', 'tsx', '--expose-gc'],
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the ${options.role} process ended with ${String(code)}`);
  });
  ended.catch(() => undefined); // it ends when it is stopped, too
  const message = async <M>(): Promise<M> =>
    ((await Promise.race([once(child, 'message'), ended])) as [M])[0];
  const first = await message<T>();
  return {
    first,
    figures() {
      child.send('figures');
      return message<ChildFigures>();
    },
    async close() {
      child.send('close');
      const left = await message<string[]>();
      const force = setTimeout(() => child.kill('SIGKILL'), END_MS);
      await ended.catch(() => undefined);
      clearTimeout(force);
      return { handles: left, isOwn: child.exitCode === 0 };
    },
    stop: () => void child.kill(),
  };
}
