import { Observable } from 'rxjs';
import { PipelineError } from '../core/errors.ts';
import { receivedError } from '../core/sentError.ts';
import type { Continuation, Control, PcmChunk, SpeechEvent } from '../core/types.ts';
import { SAMPLE_RATE } from '../core/time.ts';
import type { ContinuationRequest } from '../operators/continueUnits.ts';
import type {
  Continuing,
  FromWorker,
  Loaded,
  LoadRequest,
  StreamOptions,
  ToWorker,
} from './messages.ts';

/** A stream as the page has it. */
export interface LinkedStream {
  readonly chunks$: Observable<PcmChunk | Control>;
  readonly options: StreamOptions;
  /** What continuations are wanted, if any. */
  readonly continuing?: Continuing | undefined;
  /** What asks for them. */
  readonly requests$?: Observable<ContinuationRequest> | undefined;
  readonly onProgress?: ((sample: number) => void) | undefined;
  /** Milliseconds of audio that the worker may be behind. */
  readonly maxBehindMs: number;
}

/** The page's end of a worker. */
export interface WorkerLink {
  load(request: LoadRequest, onLoading?: (bytes: number, total: number) => void): Promise<Loaded>;
  /** Runs a stream in the worker; made at each subscription. */
  run(stream: LinkedStream): Observable<SpeechEvent | Continuation>;
  /** Ends the worker; streams under way fail with `SYLSTREAM_ERR_CLOSED`. */
  close(): void;
}

type Told = Extract<FromWorker, { readonly stream: number }>;

/** Takes a worker that runs `worker.ts`; from now on it belongs to the link. */
export function createWorkerLink(worker: Worker): WorkerLink {
  const listeners = new Map<number, (message: Told) => void>();
  const losers = new Set<(error: Error) => void>();
  let settle: ((message: FromWorker) => void) | undefined;
  let next = 0;
  let over: Error | undefined;

  const tell = (message: ToWorker, transfer: Transferable[] = []): void =>
    worker.postMessage(message, transfer);

  function end(reason: Error): void {
    if (over !== undefined) return;
    over = reason;
    worker.terminate();
    for (const lose of losers) lose(reason);
  }

  worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
    if ('stream' in data) listeners.get(data.stream)?.(data);
    else settle?.(data);
  });
  const died = (event: Event): void => {
    const why = event instanceof ErrorEvent && event.message !== '' ? event.message : event.type;
    const message = `expected a worker to run models, and it failed (${why}); is its script ours, its policy wasm-unsafe-eval, its memory enough?`;
    end(new PipelineError('SYLSTREAM_ERR_WORKER', message));
  };
  worker.addEventListener('error', died);
  worker.addEventListener('messageerror', died);

  return {
    load: (request, onLoading) =>
      new Promise((resolve, reject) => {
        const lose = (error: Error): void => {
          losers.delete(lose);
          reject(error);
        };
        losers.add(lose);
        settle = (message) => {
          if (message.type === 'loading') onLoading?.(message.bytes, message.total);
          if (message.type === 'refused') end(receivedError(message.error));
          if (message.type !== 'loaded') return;
          losers.delete(lose);
          resolve(message.loaded);
        };
        if (over === undefined) tell({ type: 'load', request });
        else lose(over);
      }),
    run: ({ chunks$, options, continuing, requests$, onProgress, maxBehindMs }) =>
      new Observable((subscriber) => {
        if (over !== undefined) return subscriber.error(over);
        const stream = next++;
        const { sampleRate = SAMPLE_RATE, channels = 1 } = options;
        let sentMs = 0;
        let doneMs = 0;
        const lose = (error: Error): void => subscriber.error(error);
        losers.add(lose);
        listeners.set(stream, (message) => {
          if (message.type === 'event') subscriber.next(message.event);
          else if (message.type === 'progress') {
            doneMs = (message.sample * 1000) / SAMPLE_RATE;
            onProgress?.(message.sample);
          } else if (message.type === 'done') subscriber.complete();
          else subscriber.error(receivedError(message.error));
        });
        tell({ type: 'open', stream, options, continuing });
        subscriber.add(() => {
          losers.delete(lose);
          listeners.delete(stream);
          if (over === undefined) tell({ type: 'close', stream });
        });
        subscriber.add(requests$?.subscribe((request) => tell({ type: 'ask', stream, request })));
        subscriber.add(
          chunks$.subscribe({
            next(value) {
              if ('control' in value) return tell({ type: 'push', stream, value });
              sentMs += (value.samples.length * 1000) / (sampleRate * channels);
              if (sentMs - doneMs > maxBehindMs) return subscriber.error(overrun(maxBehindMs));
              const samples = value.samples.slice(); // its own memory, which can be handed over
              tell({ type: 'push', stream, value: { samples } }, [samples.buffer]);
            },
            error: (error: unknown) => subscriber.error(error),
            complete: () => tell({ type: 'end', stream }),
          }),
        );
      }),
    close: () =>
      end(new PipelineError('SYLSTREAM_ERR_CLOSED', 'the models were closed; load them again')),
  };
}

function overrun(maxBehindMs: number): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_OVERRUN',
    `expected the models to be at most ${maxBehindMs} ms behind the audio (maxBehindMs), and they are further: ` +
      'the device is too slow for it, or the source comes faster than it is heard and needs a gate (createGate())',
  );
}
