import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { PipelineError } from '../src/core/errors.ts';
import type { Models } from '../src/models/loadModels.ts';
import { readUnitCards } from '../src/models/codebook/readUnitCards.ts';
import { createLocalPool } from '../src/streams/pool/localPool.ts';
import type { StreamPool } from '../src/streams/pool/poolTypes.ts';
import type { speechUnits } from '../src/streams/speechUnits.ts';
import { createAddressBook } from './limits/addressBook.ts';
import { createAuthenticator, hashToken } from './admission/auth.ts';
import { checkBind } from './settings/bind.ts';
import { calibrateCapacity } from './admission/calibrate.ts';
import { readConfig } from './settings/config.ts';
import { readClient } from './address/clientAddress.ts';
import type { Client } from './address/clientAddress.ts';
import { createHostCheck } from './address/hosts.ts';
import { createHttpHandler } from './http/http.ts';
import type { Readiness } from './http/http.ts';
import { createHub } from './hub.ts';
import type { Stock } from './hub.ts';
import { createListener } from './http/listener.ts';
import { createLog } from './observe/log.ts';
import { loggable } from './observe/loggable.ts';
import { pageFolder } from './http/pageFolder.ts';
import type { Settings } from './settings/settings.ts';
import { createTrustedProxies } from './address/trustedProxies.ts';
import { createUpgradeHandler } from './http/upgrade.ts';

/** Options of `createServer()`. */
export interface ServerOptions {
  /** Where streams run; it stays the caller's, who closes it after the server. */
  readonly streams?: StreamPool;
  /** In place of `streams`: loaded models, with which every stream runs in this thread; for a few, and for tests. */
  readonly models?: Models;
  /** Settings that differ from the defaults; checked as those of a file are. */
  readonly settings?: Partial<Settings>;
  /** Default: JSON lines on stderr. */
  readonly log?: Logger;
  /** With `models`: default `speechUnits`; another one only in tests of timing and faults. */
  readonly pipeline?: typeof speechUnits;
}

/** A server that listens. */
export interface SylstreamServer {
  /** `http://host:port` or `https://host:port`. */
  readonly url: string;
  /** `ws://…` or `wss://…`, with the path of the stream. */
  readonly streamUrl: string;
  /** Live streams that fit at once, now. */
  readonly capacity: number;
  readonly settings: Settings;
  readiness(): Readiness;
  /** Sessions, and the audio that a cut would leave undecided. */
  stock(): Stock;
  /** Takes no new sessions, lets those there are finish, then closes. */
  drain(): Promise<void>;
  /** Cuts every socket and stops listening. */
  close(): Promise<void>;
}

/**
 * Measures the capacity where none is set (which also warms the models up), then listens.
 *
 * Throws `SYLSTREAM_ERR_CONFIG` for settings that are wrong or would open the server without protection, and when the
 * address is taken.
 *
 * @example
 * const server = await createServer({ streams: await createStreamPool(), settings: { port: 0 } });
 * console.log(server.url);
 */
export async function createServer(options: ServerOptions): Promise<SylstreamServer> {
  const streams = streamsOf(options);
  const settings = readConfig({ flags: options.settings ?? {} });
  checkBind(settings);
  const page = pageFolder(settings.web);
  const log = options.log ?? createLog(settings.logLevel);
  const capacity = settings.capacity || (await calibrateCapacity({ pool: streams }));
  const cards = await readUnitCards(streams.bundle);
  const labels = { sha256: streams.bundle.hash, ...(cards?.labels() ?? { units: [], fine: [] }) };
  const proxies = createTrustedProxies(settings.trustProxy, settings.proxyHeaders);
  const hub = createHub({ settings, streams, capacity, log, proxies });
  const now = (): number => performance.now();
  const auth = createAuthenticator({
    hashes: [
      ...settings.tokenHashes,
      ...(settings.token === '' ? [] : [hashToken(settings.token)]),
    ],
    ticketTtlMs: settings.ticketTtlMs,
    now,
  });
  const { openPerAddress: open, newPerAddressPerSecond: perSecond } = settings;
  const addresses = createAddressBook({ open, perSecond, now });
  let isWarned = false;
  const clientOf = (request: IncomingMessage): Client => {
    const client = readClient(request, proxies);
    if (client.isDisguised && !isWarned) {
      isWarned = true;
      const { peer } = client;
      log.warn({ peer }, 'a proxy that is not in trustProxy: all its clients count as one address');
    }
    return client;
  };
  const isOurHost = createHostCheck(settings.host, settings.hosts);
  const { readiness, metrics, lobby, refusals, accept, reject } = hub;
  const listener = createListener({
    settings,
    onConnection: lobby.accepted,
    onRequest: createHttpHandler({
      settings,
      auth,
      metrics,
      readiness,
      clientOf,
      isOurHost,
      labels,
      bundle: streams.bundle,
      page,
      onError: (error) => log.error({ error: loggable(error) }, 'request failed'),
    }),
    onUpgrade: createUpgradeHandler({
      settings,
      auth,
      addresses,
      lobby,
      refusals,
      clientOf,
      isOurHost,
      accept,
      reject,
    }),
  });

  listener.listen(settings.port, settings.host);
  try {
    await once(listener, 'listening');
  } catch (cause) {
    hub.close();
    const message = `cannot listen on ${settings.host}:${settings.port}: ${String(cause)}`;
    throw new PipelineError('SYLSTREAM_ERR_CONFIG', message, { cause });
  }
  const { port } = listener.address() as AddressInfo;
  const name = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  const secure = settings.tlsCert === '' ? '' : 's';
  log.info({ host: settings.host, port, capacity }, 'listening');

  let isClosed = false;
  async function close(): Promise<void> {
    isClosed = true;
    hub.close();
    listener.closeAllConnections();
    if (!listener.listening) return;
    listener.close();
    await once(listener, 'close');
  }

  return {
    url: `http${secure}://${name}:${port}`,
    streamUrl: `ws${secure}://${name}:${port}/v1/stream`,
    get capacity() {
      return hub.capacity;
    },
    settings,
    readiness,
    stock: hub.stock,
    close,
    async drain() {
      log.info(hub.stock(), 'draining');
      await hub.drain();
      if (isClosed) return; // cut meanwhile
      const left = hub.stock();
      await close();
      log.info(left, 'drained');
    },
  };
}

function streamsOf({ streams, models, pipeline }: ServerOptions): StreamPool {
  if (streams) return streams;
  if (models) return createLocalPool(models, pipeline);
  throw new TypeError('streams must be a pool of createStreamPool(), got undefined');
}
