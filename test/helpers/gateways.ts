import { createLog } from '../../server/observe/log.ts';
import { createServer } from '../../server/index.ts';
import type { Settings, SylstreamServer } from '../../server/index.ts';
import type { StreamPool } from '../../src/streams/pool/poolTypes.ts';
import { createStreamPool } from '../../src/streams/pool/streamPool.ts';
import { TINY } from './bundles.ts';

/** Secrets as gateways share them. */
export const KEYS: readonly string[] = [
  'the-first-key-of-these-gateways-0123',
  'the-second-key-of-these-gateways-012',
];

/** Gateways that share keys, each with a pool of its own. */
export interface Gateways {
  readonly pools: readonly StreamPool[];
  /** Starts one more in a pool, on a free loopback port. */
  start(pool: number, settings?: Partial<Settings>, streams?: StreamPool): Promise<SylstreamServer>;
  close(): Promise<void>;
}

/** Makes pools of the tiny bundle for gateways. */
export async function createGateways(count: number): Promise<Gateways> {
  const pools = await Promise.all(
    Array.from({ length: count }, () => createStreamPool({ bundle: TINY, shards: 1 })),
  );
  const servers: SylstreamServer[] = [];
  return {
    pools,
    async start(pool, settings = {}, streams = pools[pool]) {
      const server = await createServer({
        streams,
        settings: {
          port: 0,
          web: 'none',
          capacity: 10_000,
          livePace: 1000,
          filePace: 1000,
          trustLoopback: true,
          resumeKeys: KEYS,
          ...settings,
        },
        log: createLog('silent'),
      });
      servers.push(server);
      return server;
    },
    async close() {
      await Promise.all(servers.map((server) => server.close()));
      await Promise.all(pools.map((pool) => pool.close()));
    },
  };
}
