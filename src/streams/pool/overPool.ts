import { Observable } from 'rxjs';
import { checkAudioFormat } from '../../audio/audioFormat.ts';
import { cutMoment } from '../../audio/resampler.ts';
import { isControl, type Control, type PcmChunk, type SpeechEvent } from '../../core/types.ts';
import type { SpeechUnitsOptions } from '../speechUnitsOptions.ts';
import type { StreamPool } from './poolTypes.ts';

/**
 * The RxJS face of a pool: each subscription opens a stream and releases it when it completes, fails or is unsubscribed.
 * An error of the source goes on at once, as through any operator.
 */
export function overPool(
  open: StreamPool['open'],
  chunks$: Observable<PcmChunk | Control>,
  { sampleRate = 16_000, channels = 1, channel, onProgress, ...options }: SpeechUnitsOptions,
): Observable<SpeechEvent> {
  const format = { encoding: 'f32le', sampleRate, channels, channel } as const;
  checkAudioFormat(format);
  return new Observable((subscriber) => {
    // Values of a moment that a chunk's end has cut.
    let cut = new Float32Array(0);
    const stream = open(format, options, {
      event: (event) => subscriber.next(event),
      progress: onProgress,
      completed: () =>
        cut.length === 0
          ? subscriber.complete()
          : subscriber.error(cutMoment(channels, cut.length)),
      failed: (error) => subscriber.error(error),
    });
    const push = (samples: Float32Array): void => {
      const values = cut.length === 0 ? samples : joined(cut, samples);
      const whole = values.length - (values.length % channels);
      cut = values.slice(whole);
      stream.audio(bytesOf(values.subarray(0, whole)));
    };
    const source = chunks$.subscribe({
      next: (value) => (isControl(value) ? stream.control(value) : push(value.samples)),
      error: (error: unknown) => subscriber.error(error),
      complete: () => stream.end(),
    });
    return () => {
      source.unsubscribe();
      stream.release();
    };
  });
}

function joined(a: Float32Array<ArrayBuffer>, b: Float32Array): Float32Array<ArrayBuffer> {
  const both = new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** The very memory, as bytes: every platform that Node runs on is little-endian. */
function bytesOf(samples: Float32Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}
