import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Subject, type Subscription } from 'rxjs';
import type { PcmChunk } from '../core/types.ts';
import { msToSamples, SAMPLE_RATE } from '../core/time.ts';
import type { StreamPool } from '../streams/pool/poolTypes.ts';
import { summarise, type Summary } from './percentiles.ts';

/** What one run of live streams showed. Times in milliseconds. */
export interface LiveReport {
  readonly streams: number;
  readonly seconds: number;
  /** Last sample that a unit needed was sent → its event was there: what the machine adds to the decision delay. */
  readonly lag: Summary;
  /** `decided − end` of the units, in audio time. */
  readonly decisionDelay: Summary;
  readonly units: number;
  /** Share of the units that `maxDelayMs` forced. */
  readonly forced: number;
  readonly loopDelay: { readonly p50: number; readonly p99: number; readonly max: number };
  /** CPU of the whole process, milliseconds a second of a stream's audio. */
  readonly cpuMs: number;
  /** Growth of the resident set over the empty process with its pool, per stream. */
  readonly bytesPerStream: number;
  /** Runs by batch size. */
  readonly batches: readonly number[];
  readonly steps: number;
  /** Steps that still waited when the last chunk had been sent: more than a few means that it fell behind. */
  readonly backlog: number;
}

/** What to run. */
export interface LiveOptions {
  readonly streams: number;
  /** Audio seconds of every stream. */
  readonly seconds: number;
  /** Speech at 16 kHz mono, read in a circle from another place by every stream. */
  readonly speech: Float32Array;
  /** Milliseconds of a chunk; default 20. */
  readonly chunkMs?: number;
}

interface LiveStream {
  readonly chunks$: Subject<PcmChunk>;
  /** Wall time of the stream's first sample. */
  readonly startedAt: number;
  readonly sentAt: number[];
  readonly offset: number;
  sent: number;
}

/**
 * Runs live streams in a pool, paced by the clock and spread in phase, and measures what the machine adds to every unit.
 * The pool must serve nothing else meanwhile.
 */
export async function runLiveStreams(pool: StreamPool, options: LiveOptions): Promise<LiveReport> {
  const { streams: count, seconds, speech, chunkMs = 20 } = options;
  const chunk = msToSamples(chunkMs);
  const chunks = Math.floor((seconds * SAMPLE_RATE) / chunk);
  const lags: number[] = [];
  const delays: number[] = [];
  let forced = 0;
  const before = pool.status();
  const baseBytes = residentBytes();
  const subscriptions: Subscription[] = [];
  const ended: Promise<void>[] = [];
  const start = performance.now() + 100;
  const streams = Array.from({ length: count }, (_, i): LiveStream => {
    const stream: LiveStream = {
      chunks$: new Subject(),
      startedAt: start + (i * 160) / count,
      sentAt: [],
      offset: Math.floor((speech.length * i) / count),
      sent: 0,
    };
    ended.push(
      new Promise<void>((resolve, reject) => {
        subscriptions.push(
          pool.speechUnits(stream.chunks$).subscribe({
            next: (event) => {
              if (event.type !== 'unit') return;
              const { unit } = event;
              const needed = Math.min(stream.sentAt.length, Math.ceil(unit.decided / chunk)) - 1;
              // Units of the final flush have nothing to wait for.
              if (stream.sent < chunks) lags.push(performance.now() - stream.sentAt[needed]);
              delays.push(((unit.decided - unit.end) * 1000) / SAMPLE_RATE);
              if (unit.forced) forced++;
            },
            complete: resolve,
            error: reject,
          }),
        );
      }),
    );
    return stream;
  });

  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const usage = process.cpuUsage();
  let peakBytes = baseBytes;
  await pace(streams, {
    chunk,
    chunkMs,
    chunks,
    speech,
    tick: () => (peakBytes = Math.max(peakBytes, residentBytes())),
  });
  loop.disable();
  const { user, system } = process.cpuUsage(usage);
  const backlog = pool.status().queued;
  for (const { chunks$ } of streams) chunks$.complete();
  await Promise.all(ended);
  for (const subscription of subscriptions) subscription.unsubscribe();
  const after = pool.status();

  return {
    streams: count,
    seconds,
    lag: summarise(lags),
    decisionDelay: summarise(delays),
    units: delays.length,
    forced: delays.length ? forced / delays.length : 0,
    loopDelay: {
      p50: loop.percentile(50) / 1e6,
      p99: loop.percentile(99) / 1e6,
      max: loop.max / 1e6,
    },
    cpuMs: (user + system) / 1000 / (count * seconds),
    bytesPerStream: (peakBytes - baseBytes) / count,
    batches: after.batches.map((runs, size) => runs - before.batches[size]),
    steps: after.steps - before.steps,
    backlog,
  };
}

interface Pace {
  readonly chunk: number;
  readonly chunkMs: number;
  readonly chunks: number;
  readonly speech: Float32Array;
  readonly tick: () => void;
}

/** Sends every stream's chunks at their time: a chunk goes when its last sample would have been spoken. */
async function pace(streams: readonly LiveStream[], plan: Pace): Promise<void> {
  let nextTick = 0;
  while (streams.some(({ sent }) => sent < plan.chunks)) {
    const now = performance.now();
    for (const stream of streams) {
      while (
        stream.sent < plan.chunks &&
        now >= stream.startedAt + (stream.sent + 1) * plan.chunkMs
      ) {
        const samples = circular(plan.speech, stream.offset + stream.sent * plan.chunk, plan.chunk);
        stream.sentAt.push(performance.now());
        stream.sent++;
        stream.chunks$.next({ samples });
      }
    }
    if (now > nextTick) {
      plan.tick();
      nextTick = now + 500;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function circular(speech: Float32Array, from: number, length: number): Float32Array {
  const samples = new Float32Array(length);
  for (let i = 0; i < length; i++) samples[i] = speech[(from + i) % speech.length]!;
  return samples;
}

function residentBytes(): number {
  return process.memoryUsage.rss();
}
