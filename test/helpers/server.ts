import { createLog } from '../../server/log.ts';
import { createServer } from '../../server/index.ts';
import type { ServerOptions, Settings, SylstreamServer } from '../../server/index.ts';
import { loadModels } from '../../src/models/loadModels.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { TINY } from './bundles.ts';

/** Loads the tiny bundle with one inference thread. */
export function tinyModels(): Promise<Models> {
  return loadModels({ bundle: TINY, workers: 1 });
}

/** Starts a server on a free loopback port, silent, with room for a thousand streams and no pace, and stops it. */
export async function withServer<T>(
  models: Models,
  settings: Partial<Settings>,
  act: (server: SylstreamServer) => Promise<T>,
  options: Partial<ServerOptions> = {},
): Promise<T> {
  const server = await createServer({
    models,
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

const ROOMY: Partial<Settings> = {
  port: 0,
  web: 'none',
  capacity: 10_000,
  livePace: 1000,
  filePace: 1000,
  unauthenticated: 10_000,
  trustLoopback: true,
};
