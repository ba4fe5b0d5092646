import { Worker } from 'node:worker_threads';
import { PipelineError, type ErrorCode } from '../../core/errors.ts';
import { barNative, barNativeNow, createGuardMemory } from '../../models/inference/nativeGuard.ts';
import { turnTelemetryOffHere } from '../../models/inference/telemetry.ts';
import { THREAD_LIMITS } from '../../models/inference/threadLimits.ts';
import type { Provider } from '../../models/inference/tensors.ts';
import type { InferenceThread } from '../../models/inference/threads.ts';
import { createAudioBuffers } from './audioBuffers.ts';
import type {
  FromShard,
  ShardFigures,
  ShardItem,
  ShardResult,
  ShardSetup,
  ToShard,
} from './shardMessages.ts';

/** The socket thread's end of a shard that may die and is started again. */
export interface ShardLink {
  /** Resolves when the model is loaded; rejects when it cannot be. */
  readonly ready: Promise<{
    readonly provider: Provider;
    readonly refused: readonly string[];
    readonly runtime: string;
    readonly processor?: string | undefined;
  }>;
  /** Sends what happened to a stream, with all else of this turn of the event loop. */
  send(item: ShardItem, audio?: Uint8Array): void;
  /** Runs the model alone, `times` times; no stream may be open. */
  bare(
    batch: number,
    rows: number,
    times: number,
  ): Promise<{ runMs: number; cpuMs: number | undefined }>;
  readonly restarts: number;
  /** Blocks until the thread is out of native calls, and lets it into none any more. */
  leaveNative(): void;
  close(): Promise<void>;
}

/** Options of `createShardLink()`. */
export interface ShardLinkOptions {
  readonly setup: Omit<ShardSetup, 'guard' | 'isSilent'>;
  readonly onResults: (results: readonly ShardResult[], figures: ShardFigures) => void;
  /** The thread died; another one is started and knows of no stream. */
  readonly onLost: () => void;
  /** It died again and again; nothing runs any more. */
  readonly onGivenUp: (error: PipelineError) => void;
  /** Told of every thread that is started. */
  readonly onThread?: ((thread: InferenceThread) => void) | undefined;
}

/** Deaths in a row, without a step in between, after which the link gives up. */
const MAX_DEATHS = 12;
/** A native call that takes longer than this hangs, and is not waited for. */
const NATIVE_MS = 10_000;

/** Starts a shard's thread and keeps one running. */
export function createShardLink(options: ShardLinkOptions): ShardLink {
  const { setup, onResults, onLost, onGivenUp, onThread } = options;
  let worker: Worker;
  let guard: SharedArrayBuffer;
  let restarts = 0;
  let deaths = 0;
  let closed = false;
  let isReady = false;
  let items: ShardItem[] = [];
  let pieces: Uint8Array[] = [];
  const buffers = createAudioBuffers();
  let bytes = 0;
  let bared: ((answer: { runMs: number; cpuMs: number | undefined }) => void) | undefined;
  let settle: {
    resolve: (value: Awaited<ShardLink['ready']>) => void;
    reject: (error: Error) => void;
  };
  const ready = new Promise<Awaited<ShardLink['ready']>>((resolve, reject) => {
    settle = { resolve, reject };
  });
  ready.catch(() => undefined);

  function launch(): void {
    const own = createGuardMemory();
    const started = startThread({ ...setup, guard: own, isSilent: turnTelemetryOffHere() });
    guard = own;
    worker = started;
    started.on('message', receive);
    // A death is seen as `exit`; without this listener an error would end the process.
    started.on('error', () => undefined);
    started.on('exit', () => died());
    onThread?.({ kill: () => kill(started, own) });
  }

  function receive(message: FromShard): void {
    switch (message.type) {
      case 'ready':
        isReady = true;
        return settle.resolve(message);
      case 'refused':
        deaths = MAX_DEATHS; // the next one would be refused as well
        return settle.reject(new PipelineError(message.code as ErrorCode, message.message));
      case 'done':
        deaths = 0;
        buffers.giveBack(message.audio);
        return onResults(message.results, message.figures);
      case 'bared':
        return bared?.(message);
    }
  }

  function died(): void {
    if (closed) return;
    deaths++;
    if (deaths >= MAX_DEATHS || !isReady) {
      const error = new PipelineError(
        'SYLSTREAM_ERR_WORKER',
        `expected a stream thread to live, and ${deaths} in a row died before they did anything; see the log of the process`,
      );
      settle.reject(error);
      return onGivenUp(error);
    }
    restarts++;
    items = [];
    pieces = [];
    bytes = 0;
    launch();
    onLost();
  }

  function flush(): void {
    if (closed || items.length === 0) return;
    const audio = buffers.take(bytes);
    let at = 0;
    for (const piece of pieces) {
      audio.set(piece, at);
      at += piece.length;
    }
    const message: ToShard = { type: 'work', items, audio };
    worker.postMessage(message, [audio.buffer]);
    items = [];
    pieces = [];
    bytes = 0;
  }

  launch();
  return {
    ready,
    send(item, audio) {
      if (items.length === 0) setImmediate(flush);
      if (audio && item.type === 'audio') {
        items.push({ ...item, from: bytes, to: bytes + audio.length });
        pieces.push(audio);
        bytes += audio.length;
      } else {
        items.push(item);
      }
    },
    bare: (batch, rows, times) =>
      new Promise((resolve) => {
        bared = resolve;
        worker.postMessage({ type: 'bare', batch, rows, times } satisfies ToShard);
      }),
    get restarts() {
      return restarts;
    },
    leaveNative: () => barNativeNow(guard, NATIVE_MS),
    close: async () => {
      closed = true;
      await kill(worker, guard);
    },
  };
}

async function kill(worker: Worker, guard: SharedArrayBuffer): Promise<void> {
  await barNative(guard, NATIVE_MS);
  await worker.terminate();
}

/** Starts `shardThread.ts`; from sources (tests) through tsx, which older Nodes need to read TypeScript. */
function startThread(setup: ShardSetup): Worker {
  const options = {
    workerData: setup,
    name: 'sylstream-shard',
    resourceLimits: THREAD_LIMITS,
  };
  if (import.meta.url.endsWith('.js')) {
    return new Worker(new URL('./shardThread.js', import.meta.url), options);
  }
  const source = new URL('./shardThread.ts', import.meta.url).href;
  const boot = `import('tsx/esm/api').then(({ register }) => { register(); return import('${source}'); })`;
  return new Worker(boot, { ...options, eval: true });
}
