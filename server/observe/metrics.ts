import { monitorEventLoopDelay } from 'node:perf_hooks';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { InferenceStatus } from '../../src/models/inference/inferenceStatus.ts';

/** Every figure of a server, named with its unit; one registry a server. */
export interface Metrics {
  readonly registry: Registry;
  readonly admissionRejected: Counter<'reason'>;
  readonly connectionsRefused: Counter<'reason'>;
  readonly resumes: Counter<'outcome'>;
  readonly takeoversRefused: Counter<'reason'>;
  readonly takeoverSeconds: Histogram;
  readonly errors: Counter<'code'>;
  readonly closes: Counter<'code'>;
  /** What every message adds to; plain numbers, because there are tens of thousands a second. */
  readonly traffic: Traffic;
  readonly units: Counter<'forced'>;
  readonly lagSeconds: Histogram;
  readonly continuations: Counter<'reason'>;
  readonly predictedUnits: Counter;
  readonly continuationFirstSeconds: Histogram;
  readonly continuationLastSeconds: Histogram;
  readonly speeches: Counter<'reason'>;
  readonly speechFirstSeconds: Histogram;
  /** Stops the event-loop monitor. */
  close(): void;
}

/** Messages, audio and speech so far. */
export interface Traffic {
  messagesIn: number;
  messagesOut: number;
  bytesIn: number;
  bytesOut: number;
  audioSeconds: number;
  spokenSeconds: number;
  /** Of the past of sessions from elsewhere; not in `audioSeconds`. */
  replayedSeconds: number;
}

/** What the gauges read when somebody asks. */
export interface MetricSources {
  readonly live: () => number;
  readonly parked: () => number;
  readonly used: () => number;
  readonly capacity: () => number;
  readonly recentLagP99Ms: () => number;
  /** Connections without a hello. */
  readonly waiting: () => number;
  /** Bytes of the process and its sessions, and those above which none begins. */
  readonly memoryUsed: () => number;
  readonly memoryBound: () => number;
  readonly encoder: () => InferenceStatus;
  /** Undefined without a language model. */
  readonly lm: () => InferenceStatus | undefined;
  /** Undefined without a vocoder. */
  readonly speaker: () => InferenceStatus | undefined;
  /** What is being said. */
  readonly speaking: () => number;
}

/** Gauges of prom-client with the suffix of a counter; `nodejs_active_resources` and its like say the same by kind. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** Around the encoder step of 160 ms, in seconds. */
const LAG_BUCKETS = [
  0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.12, 0.16, 0.2, 0.24, 0.32, 0.64, 1.28,
  2.56,
];

/** Around the 60 and 150 ms within which the first and the last unit of a continuation should come, in seconds. */
const CONTINUATION_BUCKETS = [
  0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.3, 0.6, 1.2, 2.4,
];

/** Around the 300 ms of one takeover alone and the 1.5 s of many at once, in seconds. */
const TAKEOVER_BUCKETS = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.45, 0.6, 1, 1.5, 2.5, 5, 10];

/** Makes the metrics of one server. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const loop = monitorEventLoopDelay({ resolution: 10 });
  loop.enable();

  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name: `sylstream_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `sylstream_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };

  /** A counter of what is counted elsewhere: it reads the sum when somebody asks. */
  const sum = (name: string, help: string, read: () => number): void => {
    new Counter({
      name: `sylstream_${name}`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };

  gauge('memory_used_bytes', 'Of the process, and of its sessions.', sources.memoryUsed);
  gauge('memory_bound_bytes', 'Above it no session begins.', sources.memoryBound);
  gauge('connections_waiting', 'Connections without a hello.', sources.waiting);
  gauge('sessions_live', 'Sessions with a client.', sources.live);
  gauge('sessions_parked', 'Sessions that wait for their client.', sources.parked);
  gauge('capacity_used_streams', 'Live streams, files by their weight.', sources.used);
  gauge('capacity_streams', 'Live streams that fit.', sources.capacity);
  gauge(
    'recent_lag_p99_seconds',
    'Lag of live streams, 99th percentile of the last seconds.',
    () => sources.recentLagP99Ms() / 1000,
  );
  gauge('encoder_queue_steps', 'Steps that wait for a run.', () => sources.encoder().queued);
  sum(
    'encoder_restarts_total',
    'Inference workers started again.',
    () => sources.encoder().restarts,
  );
  sum('encoder_steps_total', 'Stream-steps run.', () => sources.encoder().steps);
  sum(
    'encoder_run_seconds_total',
    'Time inside the runtime.',
    () => sources.encoder().runMs / 1000,
  );
  gauge(
    'lm_queue_steps',
    'Units that wait for the language model.',
    () => sources.lm()?.queued ?? 0,
  );
  sum('lm_steps_total', 'Units run through the language model.', () => sources.lm()?.steps ?? 0);
  sum(
    'lm_run_seconds_total',
    'Time of the language model inside the runtime.',
    () => (sources.lm()?.runMs ?? 0) / 1000,
  );
  gauge('speaking_streams', 'What is being said.', sources.speaking);
  gauge(
    'vocoder_queue_steps',
    'Units that wait for the vocoder.',
    () => sources.speaker()?.queued ?? 0,
  );
  sum('vocoder_steps_total', 'Units spoken.', () => sources.speaker()?.steps ?? 0);
  sum(
    'vocoder_run_seconds_total',
    'Time of making sound.',
    () => (sources.speaker()?.runMs ?? 0) / 1000,
  );
  gauge('eventloop_delay_p99_seconds', 'Event-loop delay since the last scrape.', () => {
    const seconds = loop.percentile(99) / 1e9;
    loop.reset();
    return Number.isFinite(seconds) ? seconds : 0;
  });
  new Counter({
    name: 'sylstream_encoder_batch_runs_total',
    help: 'Runs by the number of streams in them.',
    labelNames: ['streams'],
    registers,
    collect() {
      this.reset();
      sources.encoder().batches.forEach((runs, streams) => {
        if (runs > 0) this.inc({ streams: String(streams) }, runs);
      });
    },
  });

  const traffic: Traffic = {
    messagesIn: 0,
    messagesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    audioSeconds: 0,
    spokenSeconds: 0,
    replayedSeconds: 0,
  };
  const tally = (
    name: string,
    help: string,
    read: () => Readonly<Record<string, number>>,
  ): void => {
    new Counter({
      name: `sylstream_${name}`,
      help,
      labelNames: ['direction'],
      registers,
      collect() {
        this.reset();
        for (const [direction, count] of Object.entries(read())) this.inc({ direction }, count);
      },
    });
  };
  tally('messages_total', 'Messages.', () => ({
    in: traffic.messagesIn,
    out: traffic.messagesOut,
  }));
  tally('message_bytes_total', 'Bytes of messages.', () => ({
    in: traffic.bytesIn,
    out: traffic.bytesOut,
  }));
  sum('audio_seconds_total', 'Audio taken.', () => traffic.audioSeconds);
  sum('spoken_seconds_total', 'Speech sent.', () => traffic.spokenSeconds);
  sum(
    'takeover_audio_seconds_total',
    'Audio that came again with sessions of other gateways.',
    () => traffic.replayedSeconds,
  );

  const histogram = (name: string, help: string, buckets: number[]): Histogram =>
    new Histogram({ name: `sylstream_${name}`, help, buckets, registers });

  return {
    registry,
    admissionRejected: counter('admission_rejected_total', 'Sessions refused.', 'reason'),
    connectionsRefused: counter(
      'connections_refused_total',
      'Connections refused or cut before their hello was accepted.',
      'reason',
    ),
    resumes: counter('resume_total', 'Resumes asked for.', 'outcome'),
    takeoversRefused: counter(
      'takeovers_refused_total',
      'Sessions of other gateways that were not taken over.',
      'reason',
    ),
    takeoverSeconds: histogram(
      'takeover_seconds',
      'From the hello with a seal until the past is done and the stream goes on.',
      TAKEOVER_BUCKETS,
    ),
    errors: counter('errors_total', 'Errors said to clients.', 'code'),
    closes: counter('closes_total', 'Sockets closed, by close code.', 'code'),
    traffic,
    units: counter('units_total', 'Final units.', 'forced'),
    lagSeconds: histogram(
      'stream_lag_seconds',
      'From the arrival of the sample that completes a step to its features.',
      LAG_BUCKETS,
    ),
    continuations: counter('continuations_total', 'Continuations, by how they ended.', 'reason'),
    predictedUnits: counter('predicted_units_total', 'Predicted units.'),
    continuationFirstSeconds: histogram(
      'continuation_first_unit_seconds',
      'From what a continuation follows (a unit, a flush, a request) to its first unit.',
      CONTINUATION_BUCKETS,
    ),
    continuationLastSeconds: histogram(
      'continuation_last_unit_seconds',
      'The same to the end of a whole continuation.',
      CONTINUATION_BUCKETS,
    ),
    speeches: counter('speeches_total', 'What was said, by how it ended.', 'reason'),
    speechFirstSeconds: histogram(
      'speech_first_sound_seconds',
      'From the last unit that has come to the first sound of a speech.',
      CONTINUATION_BUCKETS,
    ),
    close: () => loop.disable(),
  };
}
