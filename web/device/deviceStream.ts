import { filter, Observable, Subject, takeWhile } from 'rxjs';
import type { ContinuationEvent, StreamEvent } from '../../src/client/index.ts';
import { type BrowserModels, speechUnits } from '../../src/browser/index.ts';
import type { Continuation, Control, PcmChunk } from '../../src/core/types.ts';
import { SAMPLE_RATE, toSeconds } from '../../src/core/time.ts';
import { lmRate } from '../../src/models/lm/lmRate.ts';
import type { ContinuationRequest } from '../../src/operators/continueUnits.ts';
import { describeModel, type WireModel } from '../../src/protocol/index.ts';
import { settingFor } from '../../src/segments/rateDial.ts';
import type { PageStream } from '../pageStream.ts';
import type { SessionOptions } from '../session.ts';

/** How far a file is handed on before its models have it. */
const AHEAD_SAMPLES = 2 * SAMPLE_RATE;
/** How far speech may wait for a device that is slow: no longer, or the lag would only grow. */
const LIVE_BEHIND_MS = 10_000;

/** Opens a stream to models on this device, with the events of one to a server. What is said before they are loaded waits. */
export function openDeviceStream(
  loading: Promise<BrowserModels>,
  { pace, rate, onEvent, onError }: Omit<SessionOptions, 'token'>,
): PageStream {
  const chunks$ = new Subject<PcmChunk | Control>();
  const requests$ = new Subject<ContinuationRequest>();
  const events$ = new Subject<StreamEvent>();
  const lags: number[] = [];
  let sent = 0;
  let encoded = 0;
  let units = 0;
  let requests = 0;
  let waiting: (() => void)[] = [];

  function onProgress(sample: number): void {
    encoded = sample;
    const lagMs = toSeconds(Math.max(0, sent - encoded)) * 1000;
    lags.push(lagMs);
    events$.next({ type: 'progress', acknowledged: sample, lagMs });
    if (sent - encoded > AHEAD_SAMPLES) return;
    for (const go of waiting) go();
    waiting = [];
  }

  function done(): void {
    const sorted = lags.toSorted((a, b) => a - b);
    const lagP99Ms = sorted[Math.floor(sorted.length * 0.99)] ?? 0;
    events$.next({ type: 'done', units, samples: sent, lagP99Ms });
    events$.complete();
  }

  events$.subscribe({ next: onEvent, error: onError });
  const running = loading.then((models) => {
    events$.next({ type: 'ready', resumed: false, model: modelInfo(models, rate) });
    const continuations = models.lm ? { on: 'request' as const, requests$ } : undefined;
    const maxBehindMs = pace === 'live' ? LIVE_BEHIND_MS : Infinity;
    const all = { rate, partials: true, continuations, maxBehindMs, onProgress };
    return speechUnits(chunks$, models, all).subscribe({
      next(event) {
        if (event.type === 'unit') units++;
        events$.next(event.type === 'continued' ? { ...event, more: false } : event);
      },
      error: (error: unknown) => events$.error(error),
      complete: done,
    });
  });
  running.catch((error: unknown) => events$.error(error));
  /** In order, once the models are there. */
  const control = (value: Control): void => void running.then(() => chunks$.next(value), ignored);

  return {
    events$,
    async write(samples) {
      await running;
      chunks$.next({ samples: samples as Float32Array });
      sent += samples.length;
      if (pace === 'file' && sent - encoded > AHEAD_SAMPLES) {
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    setRate: (next) => control({ control: 'rate', rate: next }),
    flush() {
      control({ control: 'flush' });
      return '';
    },
    async end() {
      await running;
      chunks$.complete();
    },
    close() {
      events$.complete();
      void running.then((subscription) => subscription.unsubscribe(), ignored);
    },
    continuations: ({ on, seconds, temperature }) => ({
      events$: new Observable<ContinuationEvent>((subscriber) => {
        const id = `g${requests++}`;
        const ask = (): void => requests$.next({ id, seconds, temperature });
        const isOurs = (event: StreamEvent): event is StreamEvent & Continuation =>
          (event.type === 'predicted' || event.type === 'continued') && event.request === id;
        subscriber.add(
          events$
            .pipe(
              filter(isOurs),
              takeWhile(({ type }) => on === 'unit' || type === 'predicted', true),
            )
            .subscribe(subscriber),
        );
        if (on === 'now') return ask();
        subscriber.add(events$.pipe(filter(({ type }) => type === 'unit')).subscribe(ask));
      }),
    }),
  };
}

/** What a server says of its models in `ready`. */
function modelInfo({ bundle, lm }: BrowserModels, rate: SessionOptions['rate']): WireModel {
  return {
    ...describeModel(bundle, rate, settingFor(bundle.config.boundaries, rate)),
    lm: lm && rate === lmRate(bundle, bundle.lm!).rate,
  };
}

/** The stream's own events say why. */
const ignored = (): void => undefined;
