import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build, userFolder, type UserFolder } from '../helpers/built.ts';
import { TINY, TINY_HEAD } from '../helpers/bundles.ts';
import { program } from '../helpers/require.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const BIN = join(ROOT, 'bin/sylstream.js');
const WAV = join(ROOT, 'test/fixtures/kathleen-a0002.wav');

/** Loads the models, hears a recording, prints how many units it gave. */
const HEAR = `
  async function hear({ fromFile, loadModels, speechUnits }) {
    const models = await loadModels({ bundle: ${JSON.stringify(TINY)}, workers: 1 });
    let units = 0;
    await speechUnits(fromFile(${JSON.stringify(WAV)}), models).forEach((event) => (units += event.type === 'unit'));
    await models.close();
    console.log(units);
  }`;

/** Every way in: the name of a program's file and its text. */
const PROGRAMS: Record<string, string> = {
  'import.mjs': `import * as sylstream from 'sylstream'; ${HEAR} await hear(sylstream);`,
  'require.cjs': `const sylstream = require('sylstream'); ${HEAR} hear(sylstream);`,
  'worker.mjs': `
    import { isMainThread, Worker } from 'node:worker_threads';
    import * as sylstream from 'sylstream';
    ${HEAR}
    if (isMainThread) new Worker(new URL(import.meta.url));
    else await hear(sylstream);`,
  'workerOfWorker.mjs': `
    import { isMainThread, Worker, workerData } from 'node:worker_threads';
    import * as sylstream from 'sylstream';
    ${HEAR}
    if (isMainThread || workerData === 1) new Worker(new URL(import.meta.url), { workerData: isMainThread ? 1 : 2 });
    else await hear(sylstream);`,
  'head.mjs': `
    import { loadHead, readBundle } from 'sylstream';
    const head = await loadHead(await readBundle(${JSON.stringify(TINY)}), ${JSON.stringify(TINY_HEAD)});
    await head.close();
    console.log(head.labels.length);`,
  'server.mjs': `
    import { loadModels } from 'sylstream';
    import { openStream } from 'sylstream/client';
    import { createServer, readConfig } from 'sylstream/server';
    const models = await loadModels({ bundle: ${JSON.stringify(TINY)}, workers: 1 });
    const settings = readConfig({ flags: { port: '0', logLevel: 'silent' } });
    const server = await createServer({ models, settings });
    const stream = openStream(server.streamUrl, { sampleRate: 16000 });
    let units = 0;
    stream.units$.subscribe({ next: () => units++ });
    await stream.write(Float32Array.from({ length: 48000 }, (_, i) => Math.sin(i / 5) * (i % 5000 < 2500 ? 0.3 : 0.01)));
    await stream.end();
    await server.close();
    await models.close();
    console.log(units);`,
  'startServer.mjs': `
    import { readConfig, startServer } from 'sylstream/server';
    const flags = { port: '0', logLevel: 'silent', bundle: ${JSON.stringify(TINY)} };
    const leaving = new AbortController();
    await startServer({
      settings: readConfig({ flags }),
      signal: leaving.signal,
      onListening: ({ streamUrl }) => {
        console.log(Number(new URL(streamUrl).port));
        leaving.abort();
      },
    });`,
};

/** System calls that make files or talk to somebody. */
const CALLS = 'trace=openat,mkdir,mkdirat,socket,connect,sendto,sendmsg,sendmmsg';
/** What getaddrinfo() reads when a name is looked up (with O_CLOEXEC; Node's own resolver reads its settings, without, as it is made). */
const LOOK_UP = /"\/etc\/(resolv\.conf|hosts|nsswitch\.conf|host\.conf|gai\.conf)".*O_CLOEXEC/;

let folder: UserFolder;
let home: string;
beforeAll(() => {
  build();
  folder = userFolder();
  home = mkdtempSync(join(tmpdir(), 'sylstream-home-'));
}, 120_000);
afterAll(() => {
  folder.remove();
  rmSync(home, { recursive: true });
});

/** Runs node in a fresh home and a fresh folder for temporary files, both `home`, under strace. */
async function traced(
  args: readonly string[],
): Promise<{ stdout: string; stderr: string; calls: string[] }> {
  const log = join(folder.path, 'calls');
  const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'], HOME: home, TMPDIR: home };
  const { stdout, stderr } = await promisify(execFile)(
    'strace',
    ['-f', '-qq', '-o', log, '-e', CALLS, process.execPath, ...args],
    { cwd: ROOT, env },
  );
  return { stdout, stderr, calls: readFileSync(log, 'utf8').split('\n') };
}

/** Calls that reach for anything beyond this machine, or for a name. */
function outward(calls: readonly string[]): string[] {
  return calls.filter(
    (call) =>
      LOOK_UP.test(call) ||
      (/sin6?_addr|inet_addr|inet_pton/.test(call) && !/127\.0\.0\.1|"::1"/.test(call)),
  );
}

describe.runIf(program('strace'))('nothing leaves the machine, and nothing is left on it', () => {
  const commands: Record<string, string[]> = {
    'sylstream tokenize': ['tokenize', WAV, '--bundle', TINY],
    'sylstream continue': ['continue', WAV, '--bundle', TINY],
    'sylstream score': ['score', WAV, '--bundle', TINY],
  };
  for (const [name, args] of Object.entries(commands)) {
    it(`by ${name}`, async () => {
      const { stdout, stderr, calls } = await traced([BIN, ...args]);
      expect(stdout).not.toBe('');
      expect(stderr).toBe('');
      expect(outward(calls)).toEqual([]);
      expect(readdirSync(home)).toEqual([]);
    });
  }
  for (const [name, text] of Object.entries(PROGRAMS)) {
    it(`by a program that is ${name}`, async () => {
      const { stdout, stderr, calls } = await traced([folder.write(name, text)]);
      expect(Number(stdout)).toBeGreaterThan(0);
      expect(stderr).toBe('');
      expect(outward(calls)).toEqual([]);
      expect(readdirSync(home)).toEqual([]);
    });
  }
});
