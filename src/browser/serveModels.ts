import { type Observable, Subject, type Subscription } from 'rxjs';
import { sent } from '../core/sentError.ts';
import type { Continuation, Control, PcmChunk, Rate, SpeechEvent } from '../core/types.ts';
import type { Models } from '../models/loadModels.ts';
import { continueUnits, type ContinuationRequest } from '../operators/continueUnits.ts';
import { speechUnits } from '../streams/speechUnits.ts';
import type { FromWorker, LoadRequest, ToWorker } from './messages.ts';
import { openModels } from './openModels.ts';
import type { OrtWeb } from './webRuntime.ts';

/** The worker's side of a page, or what is used of it. */
export interface Port {
  postMessage(message: FromWorker): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<ToWorker>) => void): void;
}

/** One stream of the page. */
interface ServedStream {
  readonly chunks$: Subject<PcmChunk | Control>;
  readonly requests$: Subject<ContinuationRequest>;
  readonly running: Subscription;
}

/** Least time between two words about loading, in milliseconds. */
const TELL_MS = 50;

/** Serves the page that this worker belongs to: loads models when it says so, then runs its streams. */
export function serveModels(port: Port, ort: OrtWeb): void {
  const streams = new Map<number, ServedStream>();
  let models: Models | undefined;

  async function load(request: LoadRequest): Promise<void> {
    let told = -Infinity;
    const opened = await openModels(ort, request, (bytes, total) => {
      const now = performance.now();
      if (now - told < TELL_MS && bytes < total) return;
      told = now;
      port.postMessage({ type: 'loading', bytes, total });
    });
    models = opened.models;
    const { provider, refused, runtime, labels } = opened;
    const { bundle, lm } = models;
    const loaded = { bundle, provider, refused, runtime, labels, lm: lm !== undefined };
    port.postMessage({ type: 'loaded', loaded });
  }

  function open({ stream, options, continuing }: Extract<ToWorker, { type: 'open' }>): void {
    const chunks$ = new Subject<PcmChunk | Control>();
    const requests$ = new Subject<ContinuationRequest>();
    const running = run().subscribe({
      next: (event) => port.postMessage({ type: 'event', stream, event }),
      error: (error: unknown) => {
        streams.delete(stream);
        port.postMessage({ type: 'failed', stream, error: sent(error) });
      },
      complete: () => {
        streams.delete(stream);
        port.postMessage({ type: 'done', stream });
      },
    });
    if (!running.closed) streams.set(stream, { chunks$, requests$, running });

    function run(): Observable<SpeechEvent | Continuation> {
      let rate: Rate = options.rate ?? 'natural';
      chunks$.subscribe((value) => {
        if ('control' in value && value.control === 'rate') rate = value.rate;
      });
      const onProgress = (sample: number): void =>
        port.postMessage({ type: 'progress', stream, sample });
      const events$ = speechUnits(chunks$, models!, { ...options, onProgress });
      if (continuing === undefined) return events$;
      const asked = continuing.on === 'request' && { requests$ };
      return events$.pipe(continueUnits(models!.lm, { ...continuing, ...asked, rate: () => rate }));
    }
  }

  function take(message: ToWorker): void {
    if (message.type === 'load') {
      void load(message.request).catch((error: unknown) =>
        port.postMessage({ type: 'refused', error: sent(error) }),
      );
      return;
    }
    const { stream } = message;
    if (message.type === 'open') {
      try {
        open(message);
      } catch (error) {
        port.postMessage({ type: 'failed', stream, error: sent(error) }); // an option out of range
      }
      return;
    }
    const served = streams.get(stream);
    if (served === undefined) return; // over already
    if (message.type === 'push') served.chunks$.next(message.value);
    else if (message.type === 'ask') served.requests$.next(message.request);
    else if (message.type === 'end') served.chunks$.complete();
    else {
      streams.delete(stream);
      served.running.unsubscribe();
    }
  }

  port.addEventListener('message', ({ data }) => take(data));
}
