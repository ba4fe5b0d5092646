/**
 * One of the processes under load, told by its first argument; it sends its address when it is ready, and its figures
 * whenever it gets a message.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { interval, lastValueFrom, map, take, tap } from 'rxjs';
import { WebSocketServer } from 'ws';
import { createServer } from '../../server/index.ts';
import { createLog } from '../../server/observe/log.ts';
import type { PooledStream } from '../../src/streams/pool/pooledStream.ts';
import { type StreamPool } from '../../src/streams/pool/poolTypes.ts';
import { createStreamPool } from '../../src/streams/pool/streamPool.ts';
import { summarise } from '../../src/bench/percentiles.ts';
import { rampMs } from './load.ts';
import { repeated, speechBytes } from './speech.ts';
import type { ChildFigures, ChildOptions } from './processes.ts';

/** An encoder step of 160 ms. */
const STEP_SAMPLES = 2560;
const options = JSON.parse(process.argv[2]) as ChildOptions;
const loop = monitorEventLoopDelay({ resolution: 5 });
loop.enable();
let cpu = process.cpuUsage();
let since = performance.now();
let batches: readonly number[] = [];
let closeAll: () => Promise<void> = () => Promise.resolve();

const pool =
  options.role === 'echo'
    ? undefined
    : await createStreamPool({ ...options, warm: true, patient: true });
if (options.role === 'echo') await echo();
else if (options.role === 'pipeline')
  process.send?.({ lagMs: summarise(await pipelineLags(pool!)) });
else await serve(options.role === 'transport' ? { ...pool!, open: pretend } : pool!);

process.on('message', (what) => {
  if (what === 'close') void leave();
  else tellFigures();
});

/** Closes server and pool, says which handles are still open, and lets the process end by itself. */
async function leave(): Promise<void> {
  await closeAll();
  await pool?.close();
  loop.disable();
  process.send?.(handles(), () => process.disconnect());
}

function tellFigures(): void {
  const used = process.cpuUsage(cpu);
  const now = pool?.status().batches ?? [];
  const figures: ChildFigures = {
    loopDelayP99Ms: loop.percentile(99) / 1e6 - 5,
    cpuCores: (used.user + used.system) / 1000 / (performance.now() - since),
    rssMib: process.memoryUsage.rss() / 2 ** 20,
    heapMib: heapMib(),
    handles: handles(),
    batches: now.map((runs, size) => runs - (batches[size] ?? 0)),
  };
  process.send?.(figures);
  loop.reset();
  cpu = process.cpuUsage();
  since = performance.now();
  batches = now;
}

/** After two collections: the first only finds what finalizers hold. */
function heapMib(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

function handles(): string[] {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo())
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`);
}

async function serve(streams: StreamPool): Promise<void> {
  const server = await createServer({
    streams,
    log: createLog('silent'),
    settings: {
      port: 0,
      web: 'none',
      capacity: options.capacity,
      ...(options.strangers === true
        ? { trustLoopback: false, trustProxy: ['127.0.0.1'] }
        : { unauthenticated: 10_000, trustLoopback: true }),
    },
  });
  closeAll = () => server.close();
  process.send?.({ url: server.streamUrl, capacity: server.capacity });
}

/** A stream that does nothing but answer as often as a real one: progress and a unit every encoder step. */
function pretend(...[, , listener]: Parameters<StreamPool['open']>): PooledStream {
  let sample = 0;
  let index = 0;
  const take = (samples: number): void => {
    sample += samples;
    if (sample < (index + 1) * STEP_SAMPLES) return;
    listener.progress?.(sample);
    const start = STEP_SAMPLES * index;
    const unit = { index: index++, id: 1, start, end: start + STEP_SAMPLES, decided: sample };
    listener.event({ type: 'unit', unit: { ...unit, confidence: 1, pause: false, forced: false } });
  };
  return {
    audio: (bytes) => take(bytes.length / 2),
    silence: take,
    control: () => undefined,
    end: listener.completed,
    rest: () => undefined,
    snapshot: () => undefined,
    restingBytes: undefined,
    release: () => undefined,
  };
}

async function echo(): Promise<void> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (ws) => ws.on('message', (data: Buffer) => ws.send(data)));
  await once(server, 'listening');
  process.send?.({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

/** The same live streams in this process, without sockets: from the push of the deciding sample to its unit. */
async function pipelineLags(loaded: StreamPool): Promise<number[]> {
  const speech = speechBytes();
  const { streams, seconds, chunkMs } = options;
  const chunk = 16 * chunkMs;
  const runs = Array.from({ length: streams }, async (_, index) => {
    const pushedAt: number[] = [];
    await new Promise((done) => setTimeout(done, (index * rampMs(seconds)) / streams));
    const chunks$ = interval(chunkMs).pipe(
      take(Math.floor((seconds * 1000) / chunkMs)),
      map((k) => {
        pushedAt[k] = performance.now();
        const bytes = repeated(speech, index * 7919 * 16 + k * chunk, chunk);
        const samples = Float32Array.from(
          { length: chunk },
          (__, i) => bytes.readInt16LE(2 * i) / 32_768,
        );
        return { samples };
      }),
    );
    const lags: number[] = [];
    const units$ = loaded.speechUnits(chunks$).pipe(
      tap((event) => {
        if (event.type !== 'unit') return;
        const at = pushedAt[Math.floor((event.unit.decided - 1) / chunk)];
        if (at !== undefined) lags.push(performance.now() - at);
      }),
    );
    await lastValueFrom(units$, { defaultValue: undefined });
    return lags;
  });
  return (await Promise.all(runs)).flat();
}
