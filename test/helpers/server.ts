import { createLog } from '../../server/observe/log.ts';
import { createServer } from '../../server/index.ts';
import type { ServerOptions, Settings, SylstreamServer } from '../../server/index.ts';
import { loadModels } from '../../src/models/loadModels.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { type StreamPool } from '../../src/streams/pool/poolTypes.ts';
import { createStreamPool } from '../../src/streams/pool/streamPool.ts';
import { TINY } from './bundles.ts';

/** The pools that servers of some models run their streams in. */
const pools = new WeakMap<Models, StreamPool>();

/** Loads the tiny bundle with one inference thread, and beside it a pool of two stream threads for servers. */
export async function tinyModels(): Promise<Models> {
  const models = await loadModels({ bundle: TINY, workers: 1 });
  const pool = await createStreamPool({ bundle: TINY, shards: 2 });
  const both = {
    ...models,
    close: async () => void (await Promise.all([models.close(), pool.close()])),
  };
  pools.set(both, pool);
  return both;
}

/** The pool that `withServer()` runs streams in, for models of `tinyModels()`. */
export function poolOf(models: Models): StreamPool {
  return pools.get(models)!;
}

/** Starts a server on a free loopback port, its streams in the models' pool where it has one, silent, with room for a thousand streams and no pace, and stops it. */
export async function withServer<T>(
  models: Models,
  settings: Partial<Settings>,
  act: (server: SylstreamServer) => Promise<T>,
  options: Partial<ServerOptions> = {},
): Promise<T> {
  const pool = options.pipeline ? undefined : pools.get(models);
  const server = await createServer({
    ...(pool ? { streams: pool } : { models }),
    settings: { ...ROOMY, ...settings },
    log: createLog('silent'),
    ...options,
  });
  try {
    return await act(server);
  } finally {
    await server.close();
  }
}

/** The same with a pool of the caller's. */
export async function withPool<T>(
  streams: StreamPool,
  settings: Partial<Settings>,
  act: (server: SylstreamServer) => Promise<T>,
): Promise<T> {
  const log = createLog('silent');
  const server = await createServer({ streams, settings: { ...ROOMY, ...settings }, log });
  try {
    return await act(server);
  } finally {
    await server.close();
  }
}

const ROOMY: Partial<Settings> = {
  port: 0,
  web: 'none',
  capacity: 10_000,
  livePace: 1000,
  filePace: 1000,
  unauthenticated: 10_000,
  trustLoopback: true,
};
