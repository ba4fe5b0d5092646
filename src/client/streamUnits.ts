import { Observable } from 'rxjs';
import type { PcmChunk } from '../core/types.ts';
import type { StreamEvent } from './events.ts';
import type { StreamOptions } from './options.ts';
import { openStream } from './unitStream.ts';

/**
 * Sends live audio to a server and emits what it hears; each subscription is a stream of its own, and unsubscribing
 * leaves. The source is not held back: audio that the connection cannot carry fails with `SYLSTREAM_ERR_OVERRUN`.
 *
 * @example
 * streamUnits(microphone$, 'ws://127.0.0.1:8990/v1/stream', { sampleRate: 48_000 }).subscribe(console.log);
 */
export function streamUnits(
  chunks$: Observable<PcmChunk>,
  url: string,
  options: StreamOptions = {},
): Observable<StreamEvent> {
  return new Observable((subscriber) => {
    const stream = openStream(url, options);
    subscriber.add(stream.events$.subscribe(subscriber));
    subscriber.add(() => stream.close());
    const fail = (error: unknown): void => subscriber.error(error);
    subscriber.add(
      chunks$.subscribe({
        next: ({ samples }) => void stream.write(samples).catch(fail),
        error: fail,
        complete: () => void stream.end().catch(fail),
      }),
    );
  });
}
