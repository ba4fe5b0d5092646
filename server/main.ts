import { PipelineError } from '../src/core/errors.ts';
import type { Provider } from '../src/models/inference/tensors.ts';
import { type StreamPoolOptions } from '../src/streams/pool/poolTypes.ts';
import { createStreamPool } from '../src/streams/pool/streamPool.ts';
import { createLog } from './observe/log.ts';
import { createServer } from './server.ts';
import type { SylstreamServer } from './server.ts';
import type { Settings } from './settings/settings.ts';

/** Options of `startServer()`. */
export interface StartOptions {
  readonly settings: Settings;
  /** Variables of the environment that look like settings and are none; told once. */
  readonly serviceLinks?: readonly string[];
  /** Ends the server in order: not ready, `goaway`, drain. */
  readonly signal: AbortSignal;
  /** Ends the draining too: sessions are cut, `SYLSTREAM_ERR_DRAINING` says how many. */
  readonly cutSignal?: AbortSignal;
  /** Called with the server when it listens. */
  readonly onListening?: (server: SylstreamServer) => void;
}

/**
 * Loads and warms the models, listens until the signal, then drains and releases everything. Resolves when all is
 * closed. Errors: those of `createStreamPool()` and `createServer()`.
 */
export async function startServer(options: StartOptions): Promise<void> {
  const { settings, signal, cutSignal, onListening, serviceLinks = [] } = options;
  const log = createLog(settings.logLevel);
  if (serviceLinks.length > 0)
    log.warn({ variables: serviceLinks }, 'service links are no settings');
  const streams = await createStreamPool(poolOptions(settings));
  try {
    const server = await createServer({ streams, settings, log });
    onListening?.(server);
    await aborted(signal);
    await Promise.race([server.drain(), cut(server, cutSignal)]);
  } finally {
    await streams.close();
  }
}

function poolOptions(settings: Settings): StreamPoolOptions {
  return {
    precision: settings.precision,
    warm: true,
    speak: true,
    patient: true,
    providers: settings.providers as readonly Provider[],
    ...(settings.triton !== '' && { triton: settings.triton }),
    ...(settings.bundle !== '' && { bundle: settings.bundle }),
    ...(settings.workers > 0 && { shards: settings.workers }),
  };
}

/** Cuts the server at the signal, and then throws; never resolves. */
async function cut(server: SylstreamServer, signal?: AbortSignal): Promise<never> {
  if (signal === undefined) return new Promise(() => undefined);
  await aborted(signal);
  const { live, parked, undecidedSeconds } = server.stock();
  await server.close();
  throw new PipelineError(
    'SYLSTREAM_ERR_DRAINING',
    `a second signal cut ${live} live sessions with ${undecidedSeconds} s of undecided audio, and ${parked} that waited`,
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener('abort', () => done(), { once: true }));
}
