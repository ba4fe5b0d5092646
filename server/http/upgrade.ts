import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { PipelineError } from '../../src/core/errors.ts';
import { CODECS, codecOf, STREAM_PATH, TICKET_PREFIX } from '../../src/protocol/index.ts';
import type { Codec } from '../../src/protocol/index.ts';
import type { AddressBook } from '../limits/addressBook.ts';
import type { Authenticator, Credential } from '../admission/auth.ts';
import { isLoopback } from '../address/loopback.ts';
import type { Client } from '../address/clientAddress.ts';
import type { HostCheck } from '../address/hosts.ts';
import type { Lobby } from '../admission/lobby.ts';
import type { Refusals } from '../observe/refusals.ts';
import { foreignHost } from '../address/hosts.ts';
import { originAllowed } from '../address/origin.ts';
import type { Settings } from '../settings/settings.ts';

/** What the upgrade handler needs. */
export interface UpgradeContext {
  readonly settings: Settings;
  readonly auth: Authenticator;
  readonly addresses: AddressBook;
  readonly lobby: Lobby;
  readonly refusals: Refusals;
  /** Who asks. */
  readonly clientOf: (request: IncomingMessage) => Client;
  readonly isOurHost: HostCheck;
  /** Takes a socket whose client may connect. */
  readonly accept: (ws: WebSocket, codec: Codec, client: Client, credential: Credential) => void;
  /** Takes a socket whose client may not: it gets the error, then the close. */
  readonly reject: (
    ws: WebSocket,
    codec: Codec,
    client: Client,
    error: PipelineError,
    retryAfterMs?: number,
  ) => void;
}

type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Makes the handler of `upgrade` requests: path, headers, subprotocol, bounds per address, origin, credential. */
export function createUpgradeHandler(context: UpgradeContext): UpgradeHandler {
  const { settings, auth, addresses, lobby, refusals, clientOf, isOurHost, accept, reject } =
    context;
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: 64 * 1024,
    maxFragments: settings.fragments,
    maxBufferedChunks: settings.bufferedChunks,
    perMessageDeflate: false, // 12 times the CPU for 16 % of the bytes of audio
    allowSynchronousEvents: false, // one message a turn of the loop, so that a flood waits its turn
    closeTimeout: settings.closeTimeoutMs,
    handleProtocols: (offered) => codecIn(offered)?.subprotocol ?? false,
  } as ConstructorParameters<typeof WebSocketServer>[0]);

  return function handleUpgrade(request, socket, head) {
    const [path, query = ''] = (request.url ?? '').split('?', 2); // no URL parser: it throws on what peers may send
    const offered = protocolsOf(request);
    const codec = codecIn(offered);
    const refused = httpRefusal(request, path, codec, settings);
    if (refused !== undefined || codec === undefined)
      return answer(socket, refused ?? '400 Bad Request');

    const ticket = ticketIn(offered) ?? new URLSearchParams(query).get('ticket') ?? undefined;
    const { origin, authorization } = request.headers;
    const credential = ticket === undefined ? auth.bearer(authorization) : auth.redeem(ticket);
    const client = clientOf(request);
    const { address, hosts } = client;
    const isExempt = settings.trustLoopback && isLoopback(address) && !client.isDisguised;
    const isBounded = (!auth.required || credential === undefined) && !isExempt;
    const waitMs = isBounded ? addresses.enter(address) : 0;
    if (isBounded && waitMs === 0) socket.once('close', () => addresses.leave(address));
    lobby.asked(request.socket, isBounded ? address : undefined);
    if (waitMs > 0 && lobby.isCrowded(address)) {
      refusals.note('crowded', { address }, 'refused without a handshake');
      return answerBusy(socket, waitMs);
    }

    sockets.handleUpgrade(request, socket, head, (ws) => {
      lobby.upgraded(ws, request.socket);
      if (waitMs > 0)
        return reject(
          ws,
          codec,
          client,
          error('RATE_LIMITED', 'too many connections from this address'),
          waitMs,
        );
      if (!hosts.every(isOurHost)) {
        return reject(ws, codec, client, error('ORIGIN', foreignHost(hosts)));
      }
      if (!originAllowed(origin, client, settings.origins)) {
        return reject(ws, codec, client, error('ORIGIN', `pages of ${origin} may not connect`));
      }
      if (credential === undefined) {
        const message =
          ticket === undefined
            ? 'a valid bearer token is needed'
            : 'the ticket is unknown, used or expired';
        return reject(ws, codec, client, error('AUTH', message));
      }
      accept(ws, codec, client, credential);
    });
  };
}

/** What is wrong with a request before it can become a WebSocket. */
function httpRefusal(
  request: IncomingMessage,
  path: string,
  codec: Codec | undefined,
  settings: Settings,
): string | undefined {
  if (request.rawHeaders.length / 2 > settings.headerCount)
    return '431 Request Header Fields Too Large';
  if (path !== STREAM_PATH) return '404 Not Found';
  return codec === undefined ? '400 Bad Request' : undefined;
}

function answer(socket: Duplex, status: string): void {
  const names = CODECS.map((codec) => codec.subprotocol).join(', ');
  respond(
    socket,
    status,
    `expected a WebSocket at ${STREAM_PATH} with one of the subprotocols ${names}\n`,
  );
}

function answerBusy(socket: Duplex, waitMs: number): void {
  const retry = `retry-after: ${Math.ceil(waitMs / 1000)}\r\n`;
  respond(socket, '429 Too Many Requests', 'too many connections from this address\n', retry);
}

function respond(socket: Duplex, status: string, body: string, headers = ''): void {
  socket.on('error', () => undefined); // a peer that resets the connection gets no answer, and must not end the process
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: text/plain\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function protocolsOf(request: IncomingMessage): ReadonlySet<string> {
  const header = request.headers['sec-websocket-protocol'] ?? '';
  return new Set(header.split(',').map((each) => each.trim()));
}

function codecIn(offered: ReadonlySet<string>): Codec | undefined {
  for (const name of offered) {
    const codec = codecOf(name);
    if (codec !== undefined) return codec;
  }
  return undefined;
}

function ticketIn(offered: ReadonlySet<string>): string | undefined {
  for (const name of offered) {
    if (name.startsWith(TICKET_PREFIX)) return name.slice(TICKET_PREFIX.length);
  }
  return undefined;
}

function error(code: 'RATE_LIMITED' | 'ORIGIN' | 'AUTH', message: string): PipelineError {
  return new PipelineError(`SYLSTREAM_ERR_${code}`, message);
}
