import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The proxies of docs/server.md. */
export type ProxyName = 'nginx' | 'haproxy';

const DOC = readFileSync(join(import.meta.dirname, '../../docs/server.md'), 'utf8');

/** The configuration of a proxy as docs/server.md has it. */
export function documented(name: ProxyName): string {
  const text = new RegExp(`^\`\`\`${name}\n([^]*?)^\`\`\``, 'm').exec(DOC)?.[1];
  if (text === undefined) throw new Error(`docs/server.md has no configuration of ${name}`);
  return text;
}

/** Starts a proxy on 127.0.0.1 by the text of the docs, before a server; runs `act` with its port, and stops it. */
export async function withProxy<T>(
  name: ProxyName,
  server: { readonly url: string },
  act: (port: number) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), `sylstream-${name}-`));
  const port = await freePort();
  const file = join(folder, 'proxy.conf');
  const cert = makeCertificate(folder);
  const text = replaceAll(documented(name), [
    ['127.0.0.1:8990', new URL(server.url).host],
    ['listen 443', `listen 127.0.0.1:${port}`],
    ['bind :443', `bind 127.0.0.1:${port}`],
    ['/etc/ssl/app.example.pem', cert],
    ['/etc/ssl/app.example.key', cert],
    ['/etc/haproxy/app.example.pem', cert],
  ]);
  writeFileSync(file, name === 'nginx' ? inNginx(text, folder) : text);
  const args =
    name === 'nginx' ? ['-p', folder, '-c', file, '-e', 'stderr'] : ['-q', '-db', '-f', file];
  const child = spawn(name, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (words: string) => (said += words));
  const ended = once(child, 'close');
  try {
    await listening(port, () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${said}`);
    });
    return await act(port);
  } finally {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true });
  }
}

/** What the package of a distribution has around a file of `conf.d`, in the foreground and in one folder. */
export function inNginx(text: string, folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => {
    mkdirSync(join(folder, each));
    return `${each}_temp_path ${join(folder, each)};`;
  });
  return `daemon off; master_process off; pid ${join(folder, 'pid')};
events {}
http { access_log off; ${temporary.join(' ')}
${text}}
`;
}

function makeCertificate(folder: string): string {
  const [key, cert, both] = ['key.pem', 'cert.pem', 'both.pem'].map((name) => join(folder, name));
  const subject = ['-subj', '/CN=app.example', '-days', '1', '-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject], {
    stdio: 'ignore',
  });
  writeFileSync(both, Buffer.concat([readFileSync(cert), readFileSync(key)]));
  return both;
}

function replaceAll(text: string, pairs: readonly (readonly [string, string])[]): string {
  return pairs.reduce((each, [from, to]) => each.replaceAll(from, to), text);
}

/** A loopback port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when somebody takes connections. */
export async function listening(port: number, check: () => void): Promise<void> {
  for (;;) {
    check();
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((done) =>
      socket.once('connect', () => done(true)).once('error', () => done(false)),
    );
    socket.destroy();
    if (isOpen) return;
    await new Promise((done) => setTimeout(done, 20));
  }
}
