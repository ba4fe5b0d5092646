import { createServer as createPlainServer } from 'node:http';
import type { RequestListener, Server, ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { readTls } from './tlsFiles.ts';
import type { Settings } from '../settings/settings.ts';

/** Options of `createListener()`. */
export interface ListenerOptions {
  readonly settings: Settings;
  readonly onRequest: RequestListener;
  readonly onUpgrade: (...args: Parameters<Parameters<Server['on']>[1]>) => void;
  /** Told of every connection as it is accepted. */
  readonly onConnection: (socket: Socket) => void;
}

/** Makes the HTTP or HTTPS server with its deadlines and bounds; it does not listen yet. */
export function createListener({
  settings,
  onRequest,
  onUpgrade,
  onConnection,
}: ListenerOptions): Server {
  const deadline = settings.upgradeTimeoutMs;
  const options: ServerOptions = {
    headersTimeout: deadline,
    requestTimeout: deadline,
    connectionsCheckingInterval: Math.min(1000, Math.max(10, deadline / 4)),
    keepAliveTimeout: deadline,
    maxHeaderSize: settings.headerBytes,
    noDelay: true,
  };
  const server =
    settings.tlsCert === ''
      ? createPlainServer(options, onRequest)
      : createTlsServer(
          { ...options, ...readTls(settings.tlsCert, settings.tlsKey), handshakeTimeout: deadline },
          onRequest,
        );
  server.maxHeadersCount = settings.headerCount + 1; // one more than allowed, so that it can be seen
  server.on('upgrade', onUpgrade);
  server.on('connection', onConnection);
  return server;
}
