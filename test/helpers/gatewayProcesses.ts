import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { KEYS } from './gateways.ts';
import { freePort, listening } from './proxies.ts';

const root = resolve(import.meta.dirname, '../..');

/** Gateways as processes behind a haproxy with the configuration of docs/scale.md. */
export interface GatewayProcesses {
  /** Of the balancer. */
  readonly streamUrl: string;
  /** Sends a signal to a gateway; another one starts in its place when it has ended. */
  end(place: number, signal: NodeJS.Signals): Promise<void>;
  close(): Promise<void>;
}

/** The configuration of haproxy as docs/scale.md has it. */
function documented(): string {
  const doc = readFileSync(join(root, 'docs/scale.md'), 'utf8');
  const text = /^```haproxy\n([^]*?)^```/m.exec(doc)?.[1];
  if (text === undefined) throw new Error('docs/scale.md has no configuration of haproxy');
  return text;
}

/** Starts three gateways over a bundle and the balancer before them; resolves when all take streams. */
export async function startGateways(bundle: string, sylstream: string): Promise<GatewayProcesses> {
  const folder = mkdtempSync(join(tmpdir(), 'sylstream-gateways-'));
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
  const processes: ChildProcess[] = [];
  let isOver = false;

  async function start(place: number): Promise<void> {
    const flags = ['--bundle', bundle, '--port', String(ports[place]), '--workers', '1'];
    const more = ['--capacity', '60', '--web', 'none', '--log-level', 'silent', '--trust-loopback'];
    const env = { ...process.env, SYLSTREAM_RESUME_KEYS: KEYS.join(',') };
    const child = spawn(process.execPath, [sylstream, 'serve', ...flags, ...more], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    processes[place] = child;
    await listening(ports[place], () => {
      if (child.exitCode !== null) throw new Error(`a gateway ended with ${child.exitCode}`);
    });
  }

  await Promise.all([0, 1, 2].map(start));
  const file = join(folder, 'haproxy.cfg');
  const config = [8991, 8992, 8993, 8990].reduce(
    (text, port, place) => text.replaceAll(`:${port}`, `:${ports[place]}`),
    documented().replace('bind :8990', 'bind 127.0.0.1:8990'),
  );
  writeFileSync(file, config);
  execFileSync('haproxy', ['-c', '-q', '-f', file]);
  const proxy = spawn('haproxy', ['-q', '-db', '-f', file], { stdio: 'ignore' });
  await listening(ports[3], () => undefined);

  return {
    streamUrl: `ws://127.0.0.1:${ports[3]}/v1/stream`,
    async end(place, signal) {
      const child = processes[place];
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
      if (!isOver) await start(place);
    },
    async close() {
      isOver = true;
      const all = [...processes, proxy];
      const alive = all.filter(({ exitCode, signalCode }) => exitCode === null && !signalCode);
      const ended = alive.map((child) => once(child, 'exit'));
      for (const child of alive) child.kill('SIGKILL');
      await Promise.all(ended);
      rmSync(folder, { recursive: true });
    },
  };
}
