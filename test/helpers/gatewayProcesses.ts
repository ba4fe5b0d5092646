import { execFileSync, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cpuSecondsOf, statFields } from './cpuSeconds.ts';
import { KEYS } from './gateways.ts';
import { freePort, inNginx, listening, type ProxyName } from './proxies.ts';

const root = resolve(import.meta.dirname, '../..');

/** Gateways as processes. */
export interface GatewayProcesses {
  /** Starts a balancer before them, with the configuration of docs/scale.md; resolves with its URL of streams. */
  behind(proxy: ProxyName): Promise<string>;
  /** Of the gateways themselves. */
  readonly directUrls: readonly string[];
  /** Sends a signal to a gateway; another one starts in its place when it has ended. */
  end(place: number, signal: NodeJS.Signals): Promise<void>;
  /** Seconds of CPU that the gateway in this place has used. */
  cpuSeconds(place: number): number;
  /** The most resident memory that a gateway had when it was ended or asked for, in MiB. */
  peakMib(): number;
  close(): Promise<void>;
}

/** Options of `startGateways()`. */
export interface GatewaysOptions {
  /** A bundle's folder. */
  readonly bundle: string;
  /** The program: `bin/sylstream.js`. */
  readonly sylstream: string;
  /** More flags of `sylstream serve`. */
  readonly flags?: readonly string[];
}

/** The configuration of a balancer as docs/scale.md has it. */
function documented(proxy: ProxyName): string {
  const doc = readFileSync(join(root, 'docs/scale.md'), 'utf8');
  const text = new RegExp(`^\`\`\`${proxy}\n([^]*?)^\`\`\``, 'm').exec(doc)?.[1];
  if (text === undefined) throw new Error(`docs/scale.md has no configuration of ${proxy}`);
  return text;
}

/** Starts a program that ends with this process, however that ends: a run that is killed leaves nothing behind (Linux, util-linux). */
function spawnBound(name: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  return spawn('setpriv', ['--pdeathsig', 'KILL', name, ...args], options);
}

/** Our environment without what would be settings of a gateway. */
function environment(): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('SYLSTREAM_'));
  return { ...Object.fromEntries(others), SYLSTREAM_RESUME_KEYS: KEYS.join(',') };
}

/** Resolves when a child takes connections; throws where it ends before. */
async function listens(child: ChildProcess, name: string, port: number): Promise<void> {
  await listening(port, () => {
    if (!isAlive(child))
      throw new Error(`${name} ended with ${child.exitCode ?? child.signalCode}`);
  });
}

/** Writes the configuration for these ports, checks it, and starts the balancer. */
function startBalancer(proxy: ProxyName, ports: readonly number[], folder: string): ChildProcess {
  const file = join(folder, `${proxy}.cfg`);
  const text = [8991, 8992, 8993, 8990].reduce(
    (each, port, place) => each.replaceAll(`:${port}`, `:${ports[place]}`),
    documented(proxy)
      .replace('bind :8990', 'bind 127.0.0.1:8990')
      .replace('listen 8990', 'listen 127.0.0.1:8990'),
  );
  const isNginx = proxy === 'nginx';
  writeFileSync(file, isNginx ? inNginx(text, folder) : text);
  const args = isNginx ? ['-p', folder, '-c', file, '-e', 'stderr'] : ['-q', '-f', file];
  execFileSync(proxy, [...args, isNginx ? '-t' : '-c'], { stdio: 'pipe' });
  return spawnBound(proxy, isNginx ? args : [...args, '-db'], { stdio: 'ignore' });
}

/** Starts three gateways over a bundle; resolves when all take streams. */
export async function startGateways(options: GatewaysOptions): Promise<GatewayProcesses> {
  const { bundle, sylstream } = options;
  const folder = mkdtempSync(join(tmpdir(), 'sylstream-gateways-'));
  const ports = [await freePort(), await freePort(), await freePort()];
  const processes: ChildProcess[] = [];
  const balancers: ChildProcess[] = [];
  let isOver = false;
  let peak = 0;

  function look({ pid }: ChildProcess): void {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024);
  }

  async function close(): Promise<void> {
    isOver = true;
    const alive = [...processes, ...balancers].filter(isAlive);
    const ended = alive.map((child) => once(child, 'exit'));
    for (const child of alive) child.kill('SIGKILL');
    await Promise.all(ended);
    rmSync(folder, { recursive: true });
  }

  async function start(place: number): Promise<void> {
    const flags = ['--bundle', bundle, '--port', String(ports[place]), '--workers', '1'];
    const more = [
      '--capacity',
      '60',
      '--web',
      'none',
      '--log-level',
      'silent',
      '--trust-loopback',
      ...(options.flags ?? []),
    ];
    const child = spawnBound(process.execPath, [sylstream, 'serve', ...flags, ...more], {
      env: environment(),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    processes[place] = child;
    await listens(child, 'a gateway', ports[place]);
  }

  try {
    await Promise.all([0, 1, 2].map(start));
  } catch (error) {
    await close();
    throw error;
  }
  const urlOf = (port: number): string => `ws://127.0.0.1:${port}/v1/stream`;

  return {
    async behind(proxy) {
      const port = await freePort();
      const balancer = startBalancer(proxy, [...ports, port], folder);
      balancers.push(balancer);
      await listens(balancer, proxy, port);
      return urlOf(port);
    },
    directUrls: ports.map(urlOf),
    async end(place, signal) {
      const child = processes[place];
      const ended = once(child, 'exit');
      look(child);
      child.kill(signal);
      await ended;
      if (!isOver) await start(place);
    },
    cpuSeconds(place) {
      const stat = readFileSync(`/proc/${processes[place].pid}/stat`, 'utf8');
      return cpuSecondsOf(statFields(stat));
    },
    peakMib() {
      processes.filter(isAlive).forEach(look);
      return peak;
    },
    close,
  };
}

function isAlive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}
