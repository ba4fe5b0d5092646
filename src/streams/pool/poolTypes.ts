import type { Observable } from 'rxjs';
import type { PcmFormat } from '../../audio/pcm.ts';
import type { Bundle } from '../../models/bundle/bundle.ts';
import type { Precision } from '../../models/bundle/bundle.ts';
import type { InferenceStatus } from '../../models/inference/inferenceStatus.ts';
import { type PoolOptions } from '../../models/inference/inferencePool.ts';
import type { UnitLm } from '../../models/lm/unitLm.ts';
import type { UnitSpeaker } from '../../models/speak/unitSpeaker.ts';
import type { Control, PcmChunk, SpeechEvent } from '../../core/types.ts';
import type { SpeechUnitsOptions } from '../speechUnitsOptions.ts';
import { type PooledStream, type StreamListener } from './pooledStream.ts';
import type { ShardStreamOptions } from './shardMessages.ts';

/** Where streams run. */
export interface StreamPool {
  readonly bundle: Bundle;
  /**
   * What makes bits beside the bundle: precision, provider, ONNX Runtime's version, the processor's instruction set. A stream
   * can go on, to the same bits, in a pool that says the same. Absent where streams cannot be taken over.
   */
  readonly bits?: string;
  /** The unit language model, where the bundle has one and `lm: false` was not asked for; a thread of its own. */
  readonly lm?: UnitLm;
  /** The vocoder, where `speak: true` was asked for and the bundle has one; a thread of its own. */
  readonly speaker?: UnitSpeaker;
  /**
   * Starts a stream of raw audio. Throws `RangeError` or `TypeError` for options that are not what they must be.
   *
   * `from`: the state of a snapshot of a stream with the same format and options, of any pool that makes the same bits: goes on
   * from there, and wants the audio from `replayPlace(snapshot.from)` on and the controls behind those that were obeyed.
   */
  open(
    format: PcmFormat,
    options: ShardStreamOptions,
    listener: StreamListener,
    from?: Uint8Array,
  ): PooledStream;
  /** `speechUnits()` in the pool: the same events for the same chunks. */
  speechUnits(
    chunks$: Observable<PcmChunk | Control>,
    options?: SpeechUnitsOptions,
  ): Observable<SpeechEvent>;
  status(): InferenceStatus;
  /** Runs the model alone in one shard, `times` times. Only while no stream runs. */
  bare?(
    batch: number,
    times: number,
  ): Promise<{ readonly runMs: number; readonly cpuMs: number | undefined }>;
  /** Ends every thread; streams under way fail with `SYLSTREAM_ERR_CLOSED`, those that rest when they are woken. */
  close(): Promise<void>;
}

/** Options of `createStreamPool()`. */
export interface StreamPoolOptions extends Omit<PoolOptions, 'workers' | 'gathers'> {
  /** A bundle's folder; default: the one that comes with the package. */
  readonly bundle?: string | undefined;
  /** Default `int8`. */
  readonly precision?: Precision | undefined;
  /** `HOST:PORT` of a Triton server that runs the encoder's steps (docs/scale.md); default: they are run here. */
  readonly triton?: string | undefined;
  /** Threads that own streams, 1 to 64; default: the cores. */
  readonly shards?: number | undefined;
  /** Loads the bundle's language model too, where it has one; default true. */
  readonly lm?: boolean | undefined;
  /** Loads the bundle's vocoder too, where it has one; default false. */
  readonly speak?: boolean | undefined;
  /**
   * Runs every size of batch once at the start, so that the first crowd waits for nothing and the runtime's memory is claimed
   * by then; takes a second. For servers; default false.
   */
  readonly warm?: boolean | undefined;
  /**
   * Lets the steps of a thread that is busy for over a third of its time wait up to 30 ms for a fuller batch: for many streams that
   * come as they are spoken. Where audio comes as fast as it is taken, waiting only costs; default false.
   */
  readonly patient?: boolean | undefined;
  /** Told in one line when a provider of the list was refused; default `console.warn`. */
  readonly onRefused?: ((line: string) => void) | undefined;
}
