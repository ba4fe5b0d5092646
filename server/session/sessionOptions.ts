import { pipelineError } from './pipelineError.ts';
import { PipelineError } from '../../src/core/errors.ts';
import { settingFor } from '../../src/segments/rateDial.ts';
import { isChannelCount, isSampleRate } from '../../src/audio/audioFormat.ts';
import type { PcmFormat } from '../../src/audio/pcm.ts';
import type { Bundle } from '../../src/models/bundle/bundle.ts';
import { isWireAudioFormat } from '../../src/protocol/index.ts';
import type { Hello, WireAudio, WireRate } from '../../src/protocol/index.ts';
import type { ShardStreamOptions } from '../../src/streams/pool/shardMessages.ts';
import type { StreamPool } from '../../src/streams/pool/poolTypes.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Quota } from '../limits/quota.ts';
import type { Link } from './link.ts';
import type { Sealer } from './sealer.ts';
import type { Settings } from '../settings/settings.ts';

/** Which session failed, and its connection where it has one. */
export interface FailedSession {
  readonly id: string;
  readonly link: Link | undefined;
}

/** What a session needs from its server. */
export interface SessionContext {
  readonly settings: Settings;
  /** Where streams run. */
  readonly streams: StreamPool;
  readonly metrics: Metrics;
  /** Hypotheses of all sessions that the model works on. */
  readonly hypotheses: Quota;
  /** What is being said in all sessions. */
  readonly speeches: Quota;
  /** Monotone milliseconds. */
  readonly now: () => number;
  /** Seals sessions, where keys are set. */
  readonly sealer: Sealer | undefined;
  /** Sessions of other gateways whose past is under way. */
  readonly replays: Quota;
  /** Told how long after its arrival a live stream's audio was encoded; of files, which may wait, nothing. */
  readonly onLag: (lagMs: number) => void;
  /** Told when the pipeline of a session failed. */
  readonly onFailed: (session: FailedSession, error: PipelineError) => void;
}

/** Throws `SYLSTREAM_ERR_AUDIO_FORMAT` for audio that is not taken. */
export function checkAudio(audio: WireAudio): void {
  const wrong = [
    ...(isWireAudioFormat(audio.fmt) ? [] : ['fmt must be s16le, f32le, mulaw or alaw']),
    ...(isSampleRate(audio.rate) ? [] : [`rate must be 8000 to 192000, got ${audio.rate}`]),
    ...(isChannelCount(audio.ch) ? [] : [`ch must be 1 to 6, got ${audio.ch}`]),
  ];
  if (wrong.length > 0) throw new PipelineError('SYLSTREAM_ERR_AUDIO_FORMAT', wrong.join('; '));
}

/** Throws `SYLSTREAM_ERR_MODEL` when the hello names another bundle, by name or by hash. */
export function checkModel(hello: Hello, { manifest, hash }: Bundle): void {
  if (hello.model === undefined || hello.model === manifest.name || hello.model === hash) return;
  throw new PipelineError('SYLSTREAM_ERR_MODEL', `this server runs ${manifest.name}, ${hash}`);
}

/** Throws `RangeError` for a rate that the bundle does not offer. */
export function checkRate({ config }: Bundle, rate: WireRate): void {
  settingFor(config.boundaries, rate);
}

/** The stream's format and options for a hello; throws `SYLSTREAM_ERR_OPTION` for a rate that the bundle does not offer. */
export function streamOptions(
  hello: Hello,
  { streams }: SessionContext,
): { readonly format: PcmFormat; readonly options: ShardStreamOptions } {
  const { audio, rate, max_delay_ms: maxDelayMs, want } = hello;
  if (rate !== undefined) asOption(() => checkRate(streams.bundle, rate));
  const options = {
    ...(rate !== undefined && { rate }),
    ...(maxDelayMs !== undefined && { maxDelayMs }),
    partials: want?.partials ?? false,
    features: want?.features ?? false,
  };
  return { format: { encoding: audio.fmt, sampleRate: audio.rate, channels: audio.ch }, options };
}

/** Runs `act`; misuse that it finds is the client's, `SYLSTREAM_ERR_OPTION`. */
export function asOption<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw pipelineError(error, 'SYLSTREAM_ERR_OPTION');
  }
}
