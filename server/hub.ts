import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import { PipelineError } from '../src/core/errors.ts';
import type { Codec } from '../src/protocol/index.ts';
import type { StreamPool } from '../src/streams/pool/poolTypes.ts';
import { createAdmission } from './admission/admission.ts';
import type { Credential } from './admission/auth.ts';
import { availableBytes } from './admission/availableBytes.ts';
import { createCapacityControl } from './admission/capacityControl.ts';
import type { Client } from './address/clientAddress.ts';
import { Connection } from './connection.ts';
import type { ConnectionContext } from './connection.ts';
import type { Readiness } from './http/http.ts';
import { createLobby } from './admission/lobby.ts';
import type { Lobby } from './admission/lobby.ts';
import { loggable } from './observe/loggable.ts';
import { createMemoryBook, sessionBytes } from './limits/memoryBook.ts';
import { createMetrics } from './observe/metrics.ts';
import type { Metrics } from './observe/metrics.ts';
import { createQuota } from './limits/quota.ts';
import { createRefusals } from './observe/refusals.ts';
import type { Refusals } from './observe/refusals.ts';
import { createRestartWatch } from './admission/restartWatch.ts';
import { createSealer, type Sealer } from './session/sealer.ts';
import { createSessionStore } from './session/sessionStore.ts';
import type { Settings } from './settings/settings.ts';
import { createSweeper } from './limits/sweeper.ts';
import type { TrustedProxies } from './address/trustedProxies.ts';

/** Every connection and session of a server. */
export interface Hub {
  readonly metrics: Metrics;
  readonly lobby: Lobby;
  readonly refusals: Refusals;
  accept(ws: WebSocket, codec: Codec, client: Client, credential: Credential): void;
  reject(
    ws: WebSocket,
    codec: Codec,
    client: Client,
    error: PipelineError,
    retryAfterMs?: number,
  ): void;
  readonly capacity: number;
  readiness(): Readiness;
  /** What there is, and what would be lost by a cut. */
  stock(): Stock;
  /** Sends `goaway`, waits for the sessions to finish, at the deadline decides what is there and ends the rest. */
  drain(): Promise<void>;
  /** Cuts and releases everything. */
  close(): void;
}

/** Sessions of a server and their audio. */
export interface Stock {
  /** Sessions with a client. */
  readonly live: number;
  /** Sessions that wait for theirs. */
  readonly parked: number;
  /** Seconds of audio that are here and not decided. */
  readonly undecidedSeconds: number;
}

/** Options of `createHub()`. */
export interface HubOptions {
  readonly settings: Settings;
  readonly streams: StreamPool;
  /** Live streams that fit, as measured; where the settings say a number, that. */
  readonly capacity: number;
  readonly log: Logger;
  readonly proxies: TrustedProxies;
}

/** A refused client is asked to come back after 1 to 3 s, spread so that a crowd does not return at once. */
const RETRY_MS = 1000;
/** Part of the machine's memory above which no session begins. */
const MEMORY_PART = 0.8;
const DRAIN_POLL_MS = 20;
/** For the error of who could not be served to the end. */
const LAST_WORD_MS = 1000;

/** Makes an empty hub and starts its timer. */
export function createHub(options: HubOptions): Hub {
  const { settings, streams, log, proxies } = options;
  const now = (): number => performance.now();
  const control = createCapacityControl({
    initial: options.capacity,
    isFixed: settings.capacity > 0,
    now: now(),
    onChange: (change) => log.info(change, 'capacity follows the lag'),
  });
  const memory = createMemoryBook({
    boundBytes: settings.memoryMib * 2 ** 20 || availableBytes() * MEMORY_PART,
    baseBytes: process.memoryUsage.rss(),
    sessionBytes: sessionBytes(streams.bundle, settings.triton !== ''),
    live: () => store.live,
    parked: () => store.parked,
    sessions: () => store.all(),
    waiting: () => store.waiting(),
    now,
  });
  const admission = createAdmission({
    capacity: () => control.capacity,
    hasMemory: memory.hasRoom,
  });
  const { parkedSessions: parkedMax, resumeWindowMs: windowMs } = settings;
  const store = createSessionStore({
    admission,
    parkedMax,
    excessBytes: memory.excessBytes,
    windowMs,
    now,
  });
  const metrics = createMetrics({
    live: () => store.live,
    parked: () => store.parked,
    used: () => admission.used,
    capacity: () => admission.capacity,
    recentLagP99Ms: () => control.lagP99Ms,
    encoder: () => streams.status(),
    lm: () => streams.lm?.status(),
    speaker: () => streams.speaker?.status(),
    speaking: () => context.speeches.used,
    memoryUsed: () => memory.usedBytes,
    memoryBound: () => memory.boundBytes,
    waiting: () => lobby.waiting,
  });
  const restarts = createRestartWatch();
  const sweeper = createSweeper<Connection>(now, (at) => {
    store.expire(at);
    control.tick(at, admission.used);
  });
  const count = (reason: string): void => metrics.connectionsRefused.inc({ reason });
  const refusals = createRefusals({ log, count, now });
  const lobby = createLobby({ settings, proxies, refusals });
  let isDraining = false;

  const context: ConnectionContext = {
    settings,
    streams,
    metrics,
    hypotheses: createQuota(settings.hypotheses),
    speeches: createQuota(settings.speeches),
    sealer: sealerOf(settings, streams),
    replays: createQuota(settings.takeovers),
    log,
    now,
    store,
    isDraining: () => isDraining,
    onLag: control.observed,
    retryAfterMs: () => RETRY_MS * (1 + 2 * Math.random()),
    onReady: ({ ws }) => lobby.greeted(ws),
    onRefused({ ws }, { code }) {
      lobby.refused(ws);
      return refusals.allows(code);
    },
    onClosed: (connection) => sweeper.remove(connection),
    onFailed(failed, error) {
      if (failed.link !== undefined) return failed.link.fail(error); // which logs it
      const session = [...store.all()].find((one) => one === failed);
      if (session === undefined) return; // never began: whoever opens it says so
      log.error({ sid: session.id, code: error.code, error: loggable(error) }, 'session failed');
      store.remove(session);
    },
  };

  function state(): Pick<Readiness, 'ready' | 'reason'> {
    if (isDraining) return { ready: false, reason: 'draining' };
    if (restarts.isUnstable(streams.status().restarts, now())) {
      return { ready: false, reason: 'workers' };
    }
    const { shortage } = admission;
    if (shortage === 'memory') return { ready: false, reason: 'memory' };
    return shortage ? { ready: false, reason: 'full' } : { ready: true, reason: 'ok' };
  }

  function connect(
    ws: WebSocket,
    codec: Codec,
    client: Client,
    credential: Credential,
  ): Connection {
    const connection = new Connection(ws, { codec, client, credential }, context);
    sweeper.add(connection);
    return connection;
  }

  async function until(isTrue: () => boolean, deadlineMs: number): Promise<void> {
    const end = now() + deadlineMs;
    while (!isTrue() && now() < end) await new Promise((done) => setTimeout(done, DRAIN_POLL_MS));
  }

  return {
    metrics,
    lobby,
    refusals,
    accept: connect,
    reject(ws, codec, client, error, retryAfterMs) {
      metrics.admissionRejected.inc({ reason: error.code });
      connect(ws, codec, client, { id: 'refused' }).fail(error, retryAfterMs);
    },
    get capacity() {
      return control.capacity;
    },
    readiness() {
      const { capacity, used } = admission;
      return { ...state(), capacity, used };
    },
    stock() {
      let undecidedSeconds = 0;
      for (const session of store.all()) undecidedSeconds += session.undecidedSeconds;
      undecidedSeconds = Math.round(100 * undecidedSeconds) / 100;
      return { live: store.live, parked: store.parked, undecidedSeconds };
    },
    async drain() {
      isDraining = true;
      const draining = new PipelineError('SYLSTREAM_ERR_DRAINING', 'the server stops');
      for (const connection of sweeper.all()) connection.goAway(settings.drainMs, 'drain');
      await until(() => store.live === 0, settings.drainMs);
      for (const connection of sweeper.all()) {
        connection.conclude(draining, RETRY_MS);
      }
      await until(() => sweeper.all().length === 0, settings.closeTimeoutMs);
      for (const connection of sweeper.all()) connection.fail(draining, RETRY_MS);
      await until(() => sweeper.all().length === 0, LAST_WORD_MS);
    },
    close() {
      sweeper.stop();
      for (const connection of sweeper.all()) connection.terminate();
      for (const session of store.all()) store.remove(session);
      metrics.close();
    },
  };
}

/** Seals where there are keys, a client may be asked to keep audio, and streams can go on elsewhere. */
function sealerOf(settings: Settings, { bits, bundle }: StreamPool): Sealer | undefined {
  const { resumeKeys, takeoverBytes } = settings;
  if (resumeKeys.length === 0 || takeoverBytes === 0 || bits === undefined) return undefined;
  return createSealer(resumeKeys, [bundle.hash, bits]);
}
