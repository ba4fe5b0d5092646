import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { openStream, type StreamEvent } from '../../src/client/index.ts';
import { loadModels } from '../../src/models/loadModels.ts';
import { unitsIn, wholeUnits } from '../helpers/pipeline.ts';
import { clipSamples } from '../helpers/speech.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const IMAGE = join(ROOT, 'build/scale/image');
const MIB = 2 ** 20;

describe('the layout of the Dockerfile, under bubblewrap', () => {
  it('gives the units of this process, as nobody, on a read-only system, within 512 MiB', async () => {
    const program = '/app/node_modules/sylstream/bin/sylstream.js';
    const settings = { SYLSTREAM_HOST: '0.0.0.0', SYLSTREAM_INSECURE: 'true', HOME: '/tmp', PATH: process.env['PATH']! }; // prettier-ignore
    const system = ['/usr', '/lib', '/lib64', '/bin', '/etc'].flatMap((path) => ['--ro-bind-try', path, path]); // prettier-ignore
    const node = ['--ro-bind', process.execPath, '/node', '--ro-bind', IMAGE, '/app'];
    const sealed = ['--unshare-user', '--unshare-ipc', '--uid', '65532', '--gid', '65532', '--cap-drop', 'ALL']; // prettier-ignore
    const rest = ['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp', '--remount-ro', '/', '--die-with-parent', '--clearenv']; // prettier-ignore
    const set = Object.entries(settings).flatMap(([name, value]) => ['--setenv', name, value]);
    const serve = ['/node', program, 'serve', '--port', '0', '--capacity', '8', '--workers', '2'];
    const child = spawn('bwrap', [...system, ...node, ...sealed, ...rest, ...set, ...serve], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const port = await portOf(child.stdout);
      const samples = clipSamples('kathleen-a0002');
      const streams = Array.from({ length: 8 }, () => unitsOver(port, samples));
      const models = await loadModels({ workers: 1, lm: false });
      const expected = await wholeUnits(samples, models);
      await models.close();
      for (const units of await Promise.all(streams)) expect(units).toEqual(expected);
      const status = readFileSync(`/proc/${innermost(child.pid!)}/status`, 'utf8');
      const peak = 1024 * Number(/^VmHWM:\s*(\d+)/m.exec(status)![1]);
      expect(peak).toBeGreaterThan(50 * MIB);
      expect(peak).toBeLessThan(512 * MIB);
    } finally {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
  });
});

/** The server: bubblewrap stays its parent. */
function innermost(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? pid : innermost(Number(children.split(' ')[0]));
}

async function portOf(out: NodeJS.ReadableStream): Promise<number> {
  for await (const line of createInterface({ input: out })) {
    const port = /listens on http:\/\/\S+:(\d+)/.exec(line)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error('the server ended before it listened');
}

async function unitsOver(port: number, samples: Float32Array) {
  const stream = openStream(`ws://127.0.0.1:${port}/v1/stream`);
  const events: StreamEvent[] = [];
  stream.events$.subscribe({ next: (event) => events.push(event), error: () => undefined });
  await stream.write(samples);
  await stream.end();
  return unitsIn(events as never);
}
