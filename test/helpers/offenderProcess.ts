import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** 200 half-open, 40 byte-at-a-time, 40 mute, 20 dribbling and 20 never-reading clients, in a process of their own. */
export interface OffenderProcess {
  /** All of them connect at once; resolves when the server has cut the last one. */
  attack(url: string): Promise<void>;
  stop(): void;
}

/** Starts the process. */
export async function startOffenders(): Promise<OffenderProcess> {
  const child = fork(join(import.meta.dirname, 'offendersMain.ts'), [], {
    execArgv: ['--import', 'tsx'],
  });
  await once(child, 'message');
  return {
    async attack(url) {
      child.send(url);
      await once(child, 'message');
    },
    stop: () => void child.kill(),
  };
}
