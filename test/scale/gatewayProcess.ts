import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join, resolve } from 'node:path';

const SYLSTREAM = join(resolve(import.meta.dirname, '../..'), 'bin/sylstream.js');

/** A gateway as a process of its own. */
export interface GatewayProcess {
  /** For `openStream()`. */
  readonly streamUrl: string;
  close(): Promise<void>;
}

/** Starts `sylstream serve` on a free port; resolves when it listens. */
export async function startGateway(flags: readonly string[]): Promise<GatewayProcess> {
  const more = ['--port', '0', '--web', 'none', '--log-level', 'silent', '--trust-loopback'];
  const child = spawn(process.execPath, [SYLSTREAM, 'serve', ...more, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /listens on http(\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    return {
      streamUrl: `ws${url.replace(/\/$/, '')}/v1/stream`,
      close: async () => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      },
    };
  }
  throw new Error(`the gateway ended with ${child.exitCode}`);
}
