import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cpuSecondsOf, statFields } from '../helpers/cpuSeconds.ts';
import { freePort } from '../helpers/proxies.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SYLSTREAM = join(ROOT, 'bin/sylstream.js');

/** A real tritonserver with the repository of a bundle. */
export interface TritonServer {
  /** `HOST:PORT` of its gRPC. */
  readonly address: string;
  /** Kills it at once; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same ports; resolves when the model is ready. */
  start(): Promise<void>;
  /** Runs by the number of streams in them, since it started. */
  batches(): Promise<ReadonlyMap<number, number>>;
  /** CPU time of the server and its Python backend since they started. */
  cpuSeconds(): Promise<number>;
  close(): Promise<void>;
}

/** Writes a repository by the command line and starts a server; `venv`: the folder that `.ci/scale` made. */
export async function startTriton(bundle: string, venv: string): Promise<TritonServer> {
  const folder = mkdtempSync(join(tmpdir(), 'sylstream-triton-'));
  const write = ['model', 'triton', bundle, '--out', folder];
  execFileSync(process.execPath, [SYLSTREAM, ...write], { stdio: 'ignore' });
  const [grpc, http] = [await freePort(), await freePort()];
  let server: ChildProcess;

  async function kill(): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    process.kill(-server.pid!, 'SIGKILL'); // the Python backend too: it would outlive the server
    await ended;
    for (const name of readdirSync('/dev/shm'))
      if (name.startsWith(`sylstream-triton-${grpc}-`)) rmSync(join('/dev/shm', name));
  }

  async function start(): Promise<void> {
    let said = '';
    const args = [venv, folder, String(grpc), String(http)];
    server = spawn(join(ROOT, '.ci/tritonserver'), args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const pipe of [server.stdout!, server.stderr!])
      pipe.setEncoding('utf8').on('data', (words: string) => (said = (said + words).slice(-8000)));
    while (!(await isReady(http))) {
      if (server.exitCode !== null) throw new Error(`tritonserver ended: ${said}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  await start();
  return {
    address: `127.0.0.1:${grpc}`,
    kill,
    start,
    batches: async () => {
      const answer = await fetch(`http://127.0.0.1:${http}/v2/models/sylstream/stats`);
      const stats = (await answer.json()) as Stats;
      const { batch_stats: all } = stats.model_stats[0];
      return new Map(all.map(({ batch_size: size, compute_infer: { count } }) => [size, count]));
    },
    cpuSeconds: async () => {
      const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
      const stats = await Promise.all(
        pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')),
      );
      const group = String(server.pid);
      const own = stats.map(statFields).filter((fields) => fields[2] === group);
      return own.reduce((sum, fields) => sum + cpuSecondsOf(fields), 0);
    },
    close: async () => {
      await kill();
      rmSync(folder, { recursive: true });
    },
  };
}

interface Stats {
  readonly model_stats: readonly {
    readonly batch_stats: readonly {
      readonly batch_size: number;
      readonly compute_infer: { readonly count: number };
    }[];
  }[];
}

async function isReady(http: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${http}/v2/models/sylstream/ready`)).ok;
  } catch {
    return false;
  }
}
