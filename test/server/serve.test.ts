import { execFileSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../server/observe/log.ts';
import { readPageFile } from '../../server/http/pageFiles.ts';
import { openStream } from '../../src/client/index.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { sylstream } from '../helpers/cli.ts';
import { TINY } from '../helpers/bundles.ts';
import { longSpeech } from '../helpers/pipeline.ts';
import { dial, greet, tone } from '../helpers/rawClient.ts';
import { program } from '../helpers/require.ts';
import { tinyModels, withServer } from '../helpers/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'sylstream-serve-'));
let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await models.close();
});

const FLAGS = ['serve', '--port', '0', '--bundle', TINY, '--workers', '1', '--capacity', '4'];

describe('sylstream serve', () => {
  it('prints its address, serves, and on SIGTERM says goaway, drains and exits 0', async () => {
    const seen: string[] = [];
    const result = await sylstream([...FLAGS, '--log-level', 'silent'], {
      onStart: (child) =>
        child.stdout?.on('data', (text: Buffer | string) => {
          const url = /http:\/\/\S+/.exec(String(text))?.[0];
          if (url !== undefined) void use(url, () => child.kill('SIGTERM'));
        }),
    });

    async function use(url: string, stop: () => void): Promise<void> {
      const stream = openStream(`${url.replace('http', 'ws')}/v1/stream`, { pace: 'file' });
      stream.events$.subscribe((event) => {
        seen.push(event.type);
        if (event.type === 'progress') stop();
        if (event.type === 'goaway') void stream.end();
      });
      await stream.write(longSpeech(1));
    }

    expect(result.stderr).toBe('');
    expect(result).toMatchObject({ status: 0, signal: null });
    expect(result.stdout).toMatch(/^sylstream listens on http:\/\/127\.0\.0\.1:\d+ \(room for 4 /);
    expect(seen).toContain('goaway');
    expect(seen.at(-1)).toBe('done');
  });

  it('says at a second SIGTERM what it cuts, and exits 8', async () => {
    let child: ChildProcess | undefined;
    const result = await sylstream([...FLAGS, '--log-level', 'silent'], {
      onStart: (started) => {
        child = started;
        started.stdout?.on('data', (text: Buffer | string) => {
          const url = /http:\/\/\S+/.exec(String(text))?.[0];
          if (url !== undefined) void use(url);
        });
      },
    });

    async function use(url: string): Promise<void> {
      const client = await greet(`${url.replace('http', 'ws')}/v1/stream`);
      client.send(tone(0, 8000));
      await client.next('ack');
      const again = setInterval(() => child?.kill('SIGTERM'), 50);
      await client.next('goaway');
      expect(await client.closed).toBe(1006);
      clearInterval(again);
    }

    expect(result).toMatchObject({ status: 8, signal: null });
    expect(result.stderr).toMatch(
      /^SYLSTREAM_ERR_DRAINING a second signal cut 1 live sessions with 0\.\d+ s of undecided audio, and 0 that waited\n$/,
    );
  });

  it('prints its configuration with secrets masked, and the hash of a token', async () => {
    const env = { SYLSTREAM_TOKEN: 'very-secret' };
    const printed = await sylstream(['serve', '--print-config', '--idle-ms', '1234'], { env });
    expect(JSON.parse(printed.stdout)).toMatchObject({ idleMs: 1234, token: '***' });
    const hashed = await sylstream(['serve', '--hash-token'], { input: Buffer.from('abc\n') });
    expect(hashed.stdout.trim()).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    ); // FIPS 180-2, B.1
  });

  it.each([
    ['an unknown flag', ['--nope'], {}, /SYLSTREAM_ERR_USAGE.*--nope/],
    ['an unknown variable', [], { SYLSTREAM_NOPE: '1' }, /SYLSTREAM_ERR_CONFIG.*SYLSTREAM_NOPE/],
    [
      'another address without protection',
      ['--host', '0.0.0.0'],
      {},
      /SYLSTREAM_ERR_CONFIG.*a token and TLS/,
    ],
    ['a number out of range', ['--idle-ms', '1'], {}, /SYLSTREAM_ERR_CONFIG.*idleMs.*from 10/],
    [
      'a page that is not there',
      ['--web', '/none'],
      {},
      /SYLSTREAM_ERR_CONFIG web \/none .*no such/,
    ],
    ['a page without index', ['--web', 'docs'], {}, /SYLSTREAM_ERR_CONFIG web docs .*index\.html/],
  ])('refuses %s', async (_name, flags, env, message) => {
    const result = await sylstream([...FLAGS, ...flags], { env });
    expect(result.status).toBe(2);
    expect(result.stderr).toMatch(message);
    expect(result.stdout).toBe('');
  });

  it('ignores the links of a cluster, and says so once', async () => {
    const env = { SYLSTREAM_PORT: 'tcp://10.0.0.1:8990', SYLSTREAM_SERVICE_HOST: '10.0.0.1' };
    const result = await sylstream([...FLAGS, '--log-level', 'warn'], {
      env,
      onStart: (child) => child.stdout?.once('data', () => child.kill('SIGTERM')),
    });
    expect(result).toMatchObject({ status: 0, signal: null });
    const lines = result.stderr.trim().split('\n');
    expect(lines.length).toBe(1);
    expect(JSON.parse(lines[0])).toMatchObject({
      variables: ['SYLSTREAM_PORT', 'SYLSTREAM_SERVICE_HOST'],
    });
  });

  it('names every setting in its help', async () => {
    const { stdout } = await sylstream(['serve', '--help']);
    expect(stdout).toContain('--new-per-address-per-second');
    expect(stdout).toContain('--print-config');
  });
});

describe('the log', () => {
  it('holds sessions and codes, but no token, ticket or audio', async () => {
    const lines: string[] = [];
    const log = createLog('trace', { write: (line: string) => void lines.push(line) });
    const settings = { token: 'very-secret', logLevel: 'trace' };
    await withServer(
      models,
      settings,
      async ({ streamUrl, url }) => {
        const headers = { authorization: 'Bearer very-secret' };
        const response = await fetch(`${url}/v1/tickets`, { method: 'POST', headers });
        const { ticket } = (await response.json()) as { ticket: string };
        const client = await greet(`${streamUrl}?ticket=${ticket}`);
        client.send(tone(0, 1000));
        client.send({ t: 'a', n: 5000, d: Buffer.from('audio-as-text!') });
        await client.refusal();
        const wrong = await dial(streamUrl, { headers: { authorization: 'Bearer wrong-secret' } });
        await wrong.refusal();
        const text = lines.join('');
        expect(text).toMatch(/SYLSTREAM_ERR_AUDIO_GAP/);
        expect(text).toContain(client.ready.sid);
        for (const secret of ['secret', ticket, client.ready.token, 'audio-as-text']) {
          expect(text).not.toContain(secret);
        }
      },
      { log },
    );
  });
});

describe('TLS', () => {
  it.runIf(program('openssl'))('serves wss by a certificate and a key', async () => {
    const tlsCert = join(folder, 'cert.pem');
    const tlsKey = join(folder, 'key.pem');
    const args = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '1',
      '-subj',
      '/CN=localhost',
    ];
    execFileSync('openssl', [...args, '-keyout', tlsKey, '-out', tlsCert], { stdio: 'ignore' });
    await withServer(models, { tlsCert, tlsKey }, async ({ streamUrl }) => {
      expect(streamUrl).toMatch(/^wss:/);
      const { WebSocket } = await import('ws');
      const stream = openStream(streamUrl, {
        webSocket: ({ url, protocols }) =>
          new WebSocket(url, [...protocols], { rejectUnauthorized: false }),
      });
      await stream.write(new Float32Array(16_000));
      await stream.end();
    });
  });

  it('refuses a certificate that is not there', async () => {
    const settings = { tlsCert: join(folder, 'none'), tlsKey: join(folder, 'none') };
    await expect(withServer(models, settings, async () => undefined)).rejects.toMatchObject({
      code: 'SYLSTREAM_ERR_CONFIG',
      message: expect.stringMatching(/none cannot be read: there is no such file/) as string,
    });
  });

  it.runIf(program('openssl'))('says what is wrong with a certificate or a key', async () => {
    const path = (name: string) => join(folder, name);
    const make = (name: string, ...args: string[]) =>
      execFileSync('openssl', ['genpkey', '-algorithm', 'RSA', '-out', path(name), ...args], {
        stdio: 'ignore',
      });
    const subject = ['-x509', '-subj', '/CN=localhost', '-days', '1', '-out', path('c.pem')];
    make('k.pem');
    make('other.pem');
    make('locked.pem', '-aes-128-cbc', '-pass', 'pass:x');
    execFileSync('openssl', ['req', '-new', '-key', path('k.pem'), ...subject], {
      stdio: 'ignore',
    });
    for (const [cert, key, message] of [
      ['c.pem', 'other.pem', /other\.pem is not the key of .*c\.pem/],
      ['c.pem', 'locked.pem', /locked\.pem has a passphrase/],
      ['c.pem', 'c.pem', /c\.pem is no PEM private key/],
      ['k.pem', 'k.pem', /k\.pem is no PEM certificate/],
    ] as const) {
      const settings = { tlsCert: path(cert), tlsKey: path(key) };
      await expect(withServer(models, settings, async () => undefined)).rejects.toMatchObject({
        code: 'SYLSTREAM_ERR_CONFIG',
        message: expect.stringMatching(message) as string,
      });
    }
    const settings = { tlsCert: path('c.pem'), tlsKey: path('k.pem') };
    await withServer(models, settings, async () => undefined);
  });
});

describe('readPageFile', () => {
  const page = join(folder, 'page');
  beforeAll(() => {
    mkdirSync(join(page, 'sub'), { recursive: true });
    writeFileSync(join(page, 'index.html'), '<p>');
    writeFileSync(join(page, 'sub/a.js'), '1');
    writeFileSync(join(page, 'notes.txt'), 'private');
    writeFileSync(join(folder, 'outside.js'), 'outside');
    symlinkSync(join(folder, 'outside.js'), join(page, 'link.js'));
  });

  it.each([
    ['/', 'text/html; charset=utf-8'],
    ['/index.html', 'text/html; charset=utf-8'],
    ['/sub/a.js', 'text/javascript; charset=utf-8'],
  ])('reads %s', async (path, type) => expect((await readPageFile(page, path))?.type).toBe(type));

  it.each(['/../outside.js', '/%2e%2e/outside.js', '/..%2foutside.js', '/link.js', '/notes.txt', '/sub', '/none.js', '/%', '/a%00.js'])(
    'finds nothing under %s',
    async (path) => expect(await readPageFile(page, path)).toBeUndefined(),
  ); // prettier-ignore
});
