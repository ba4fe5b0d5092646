import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { CODECS, LABELS_PATH, STREAM_PATH, TICKET_PATH } from '../../src/protocol/index.ts';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Bundle } from '../../src/models/bundle/bundle.ts';
import type { Authenticator } from '../admission/auth.ts';
import type { Client } from '../address/clientAddress.ts';
import { foreignHost } from '../address/hosts.ts';
import type { HostCheck } from '../address/hosts.ts';
import type { Metrics } from '../observe/metrics.ts';
import { originAllowed } from '../address/origin.ts';
import type { UnitLabels } from '../../src/core/unitLabels.ts';
import { BUNDLE_PATH, bundleFile } from './bundleFile.ts';
import { readPageFile, type PageFile } from './pageFiles.ts';
import type { Settings } from '../settings/settings.ts';

/** Whether the server takes new sessions, and why not. */
export interface Readiness {
  readonly ready: boolean;
  readonly reason: string;
  /** Live streams that fit now, and that are in, by weight. */
  readonly capacity: number;
  readonly used: number;
}

/** What the HTTP side needs. */
export interface HttpContext {
  readonly settings: Settings;
  readonly auth: Authenticator;
  readonly metrics: Metrics;
  readonly readiness: () => Readiness;
  /** Who asks. */
  readonly clientOf: (request: IncomingMessage) => Client;
  readonly isOurHost: HostCheck;
  /** Told what went wrong with a request. */
  readonly onError: (error: unknown) => void;
  /** What units stand for; empty where the bundle does not say. */
  readonly labels: UnitLabels & { readonly sha256: string };
  /** The page may cut on its own device: it gets the bundle that the server runs. */
  readonly bundle: Pick<Bundle, 'directory' | 'manifest'>;
  /** Folder of the page, or undefined. */
  readonly page: string | undefined;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** The page may load what is its own, and open sockets to anywhere. */
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws: wss:; worker-src 'self' blob:; " +
    "img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; media-src 'self' blob:",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

const JSON_TYPE = 'application/json; charset=utf-8';

/** What tells nothing may be asked under any name, as health checks do. */
const HOSTLESS: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** Answers plain HTTP requests: health, readiness, metrics, tickets, labels and the page. */
export function createHttpHandler(context: HttpContext): RequestListener {
  const { auth, settings, metrics, readiness, clientOf, isOurHost, labels, bundle, page, onError } =
    context;

  const labelsText = `${JSON.stringify(labels)}\n`;
  const routes: Readonly<Record<string, Handler>> = {
    // a WebSocket comes as an upgrade, and never here
    [`GET ${STREAM_PATH}`]: (_request, response) => {
      response.setHeader('upgrade', 'websocket');
      response.setHeader('connection', 'upgrade');
      const subprotocols = CODECS.map(({ subprotocol }) => subprotocol);
      json(response, 426, { error: 'upgrade', message: 'this is a WebSocket', subprotocols });
    },
    'GET /healthz': (_request, response) => json(response, 200, { status: 'ok' }),
    'GET /readyz': (_request, response) => {
      const { ready, reason, capacity, used } = readiness();
      json(response, ready ? 200 : 503, { status: reason, capacity, used });
    },
    'GET /metrics': async (request, response) => {
      if (auth.bearer(request.headers.authorization) === undefined) return unauthorized(response);
      send(response, 200, metrics.registry.contentType, await metrics.registry.metrics());
    },
    [`GET ${LABELS_PATH}`]: (request, response) => {
      if (auth.bearer(request.headers.authorization) === undefined) return unauthorized(response);
      send(response, 200, JSON_TYPE, labelsText, { 'cache-control': 'no-cache' });
    },
    [`POST ${TICKET_PATH}`]: (request, response) => {
      const { origin, authorization } = request.headers;
      if (!originAllowed(origin, clientOf(request), settings.origins)) {
        return json(response, 403, { error: 'origin' });
      }
      const credential = auth.bearer(authorization);
      if (credential === undefined) return unauthorized(response);
      json(response, 200, { ticket: auth.issue(credential), expires_ms: settings.ticketTtlMs });
    },
  };
  const aliases: Readonly<Record<string, string>> = { '/health': '/healthz', '/ready': '/readyz' };

  return function handleHttp(request, response) {
    answer(request, response).catch((error: unknown) => {
      onError(error);
      if (response.headersSent) response.destroy();
      else json(response, 500, { error: 'internal' });
    });
  };

  /** The page is for everybody; the bundle for whoever may use the server. */
  async function findFile(
    request: IncomingMessage,
    folder: string,
    path: string,
  ): Promise<PageFile | 'unauthorized' | undefined> {
    if (!path.startsWith(BUNDLE_PATH)) return readPageFile(folder, path);
    const isAllowed = auth.bearer(request.headers.authorization) !== undefined;
    return isAllowed ? bundleFile(bundle, path) : 'unauthorized';
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.rawHeaders.length / 2 > settings.headerCount) {
      return json(response, 431, { error: `more than ${settings.headerCount} headers` });
    }
    const path = (request.url ?? '/').split('?')[0];
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const name = aliases[path] ?? path;
    const { hosts } = clientOf(request);
    if (!HOSTLESS.has(name) && !hosts.every(isOurHost)) {
      return json(response, 403, { error: 'host', message: foreignHost(hosts) });
    }
    const route = routes[`${method} ${name}`];
    if (route !== undefined) return route(request, response);
    const file = method === 'GET' && page ? await findFile(request, page, path) : undefined;
    if (file === 'unauthorized') return unauthorized(response);
    if (file === undefined) return json(response, 404, { error: 'not found' });
    await sendFile(request, response, file);
  }
}

/** Streams a file, whatever its size; a client that goes away ends it. */
async function sendFile(
  { method }: IncomingMessage,
  response: ServerResponse,
  { type, file }: PageFile,
): Promise<void> {
  const { size } = await stat(file);
  response.writeHead(200, { 'content-type': type, 'content-length': size, ...PAGE_HEADERS });
  if (method === 'HEAD' || size === 0) return void response.end();
  try {
    await pipeline(createReadStream(file, { end: size - 1 }), response);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

function unauthorized(response: ServerResponse): void {
  response.setHeader('www-authenticate', 'Bearer');
  json(response, 401, { error: 'auth' });
}

function json(response: ServerResponse, status: number, body: object): void {
  send(response, status, JSON_TYPE, `${JSON.stringify(body)}\n`);
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}
