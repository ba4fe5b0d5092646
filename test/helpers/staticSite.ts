import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

/** A folder as any static host serves it, from a subpath. */
export interface StaticSite {
  readonly url: string;
  /** Paths in it that were asked for, in order. */
  readonly asked: string[];
  /** Sent with every file; none by default, as static hosts do. */
  headers: Readonly<Record<string, string>>;
  /** Answers 503 to all that begins with this. */
  down: string | undefined;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};
/** Serves a folder on a loopback port, under the path `place`. */
export async function serveStatic(folder: string, place = '/some/where/'): Promise<StaticSite> {
  const site = {
    url: '',
    asked: [] as string[],
    down: undefined as string | undefined,
    headers: {} as Readonly<Record<string, string>>,
    close: () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0].replace(place, '') || 'index.html';
    site.asked.push(path);
    if (site.down !== undefined && path.startsWith(site.down)) {
      return void response.writeHead(503).end();
    }
    try {
      const body = readFileSync(normalize(join(folder, decodeURIComponent(path))));
      const type = TYPES[extname(path)] ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type, ...site.headers }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  site.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${place}`;
  return site;
}
