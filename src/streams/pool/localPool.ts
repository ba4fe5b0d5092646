import { Subject } from 'rxjs';
import { bytesPerSample, decodePcm, type PcmFormat } from '../../audio/pcm.ts';
import type { Models } from '../../models/loadModels.ts';
import type { Control, PcmChunk } from '../../core/types.ts';
import { speechUnits } from '../speechUnits.ts';
import type { PooledStream, StreamListener } from './pooledStream.ts';
import type { ShardStreamOptions } from './shardMessages.ts';
import type { StreamPool } from './poolTypes.ts';

/** Silence goes in pieces of this many moments. */
const SILENCE_MOMENTS = 16_000;
/** Values that are decoded into one piece of memory: many small ones cost more. */
const PIECE_VALUES = 4096;

/**
 * A pool that runs every stream in the thread that asks, over models that are loaded: for one or a few streams, and for
 * tests of timing and faults, which bring a `pipeline` of their own. The models stay the caller's, who closes them.
 */
export function createLocalPool(
  models: Models,
  pipeline: typeof speechUnits = speechUnits,
): StreamPool {
  const { bundle, lm, speaker, encoder } = models;
  return {
    bundle,
    ...(lm && { lm }),
    ...(speaker && { speaker }),
    open: (format, options, listener) => openLocal(models, pipeline, { format, options, listener }),
    speechUnits: (chunks$, options) => pipeline(chunks$, models, options),
    status: () => encoder.status(),
    ...(encoder.bare && { bare: encoder.bare }),
    close: () => Promise.resolve(),
  };
}

interface Opened {
  readonly format: PcmFormat;
  readonly options: ShardStreamOptions;
  readonly listener: StreamListener;
}

function openLocal(
  models: Models,
  pipeline: typeof speechUnits,
  { format, options, listener }: Opened,
): PooledStream {
  const { encoding, sampleRate, channels, channel } = format;
  const chunks$ = new Subject<PcmChunk | Control>();
  const takePiece = createPieces();
  const subscription = pipeline(chunks$, models, {
    ...options,
    sampleRate,
    channels,
    channel,
    onProgress: listener.progress,
  }).subscribe({
    next: listener.event,
    error: (error: unknown) => listener.failed(error as Error),
    complete: listener.completed,
  });
  return {
    audio(bytes) {
      const count = bytes.length / bytesPerSample(encoding);
      chunks$.next({ samples: decodePcm(bytes, encoding, takePiece(count)) });
    },
    silence(moments) {
      for (let left = moments; left > 0; left -= SILENCE_MOMENTS) {
        const samples = new Float32Array(Math.min(left, SILENCE_MOMENTS) * channels);
        chunks$.next({ samples });
      }
    },
    control: (control) => chunks$.next(control),
    end: () => chunks$.complete(),
    rest: () => undefined, // the models are the caller's, and so is the place
    snapshot: () => undefined, // it saves nothing
    restingBytes: undefined,
    release: () => subscription.unsubscribe(),
  };
}

/** Memory that nobody has used: one piece for many small chunks. */
function createPieces(): (values: number) => Float32Array {
  let piece = new Float32Array(0);
  let used = 0;
  return (values) => {
    if (used + values > piece.length) {
      piece = new Float32Array(Math.max(values, PIECE_VALUES));
      used = 0;
    }
    used += values;
    return piece.subarray(used - values, used);
  };
}
