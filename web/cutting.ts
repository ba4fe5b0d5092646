import type { Subscription } from 'rxjs';
import type { StreamEvent } from '../src/client/index.ts';
import { PipelineError } from '../src/core/errors.ts';
import { disposition } from '../src/protocol/index.ts';
import type { WireModel } from '../src/protocol/index.ts';
import type { Rate, Unit } from '../src/core/types.ts';
import { createFeed } from './feed.ts';
import type { Feed } from './feed.ts';
import { PageError } from './pageError.ts';
import { placeEvent } from './placeEvent.ts';
import type { Origin } from './placeEvent.ts';
import type { Recording } from './recording.ts';
import type { PageStream } from './pageStream.ts';
import { askBehind, askNext } from './session.ts';
import type { SessionOptions } from './session.ts';

/** What the cutting of a recording reports. */
export interface CuttingListener {
  /** A session is there, for the first time or again; `seam`: a new one, which has not heard what came before. */
  readonly onReady: (model: WireModel, seam: boolean) => void;
  readonly onUnit: (unit: Unit, model: WireModel) => void;
  readonly onProvisional: () => void;
  readonly onPredicted: (ids: readonly number[]) => void;
  /** All units so far are gone: the recording is cut from its beginning again. */
  readonly onUnitsForgotten: () => void;
  readonly onLag: (ms: number) => void;
  /** The connection is gone; the cutting itself connects again. */
  readonly onInterrupted: (reason: unknown) => void;
  readonly onWarning: (error: PipelineError) => void;
  /** Nothing happens any more until `retry()`. */
  readonly onFailed: (problem: unknown) => void;
  readonly onDone: () => void;
}

/** What to cut, and how. */
export interface CuttingOptions {
  /** Opens a stream: to a server, or to models on this device. */
  readonly open: (options: SessionOptions) => PageStream;
  readonly recording: Recording;
  /** `live`: the recording grows, and `end()` says when it is whole. `file`: it is whole. */
  readonly pace: 'live' | 'file';
  readonly rate: () => Rate;
  readonly token: () => string | undefined;
  /** Whether it is wanted to know what comes next. */
  readonly continues: () => boolean;
  readonly listener: CuttingListener;
}

/**
 * Has a recording cut into units by the server, in one session if that lasts. Where it is lost for good, the next one
 * takes the sound from the last final unit on: nothing that was heard is left out. A file begins from its first sample
 * again, so that its units are always those of one session.
 */
export interface Cutting {
  /** False after `onFailed`, until `retry()`. */
  readonly trying: boolean;
  /** More was heard. */
  wake(): void;
  /** The recording is whole. */
  end(): void;
  setRate(rate: Rate): void;
  /** Shows what comes next while the recording grows, as far as that is wanted now. */
  follow(): void;
  /** Tries again after `onFailed`. */
  retry(): void;
  close(): void;
}

/** Creates a cutting and connects. */
export function createCutting(options: CuttingOptions): Cutting {
  const { recording, pace, listener } = options;
  let model: WireModel | undefined;
  let stream: PageStream | undefined;
  let feed: Feed | undefined;
  let continuing: Subscription | undefined;
  let predicted: number[] = [];
  let whole = pace === 'file';
  /** Counts the sessions, so that one that is over is not listened to. */
  let session = 0;
  let seam = false;

  function open(): void {
    const mine = ++session;
    const origin: Origin = {
      sample: recording.units.at(-1)?.end ?? 0,
      index: recording.units.length,
    };
    recording.setProvisional([]);
    seam = origin.sample > 0;
    const opened = options.open({
      pace,
      rate: options.rate(),
      token: options.token(),
      onEvent: (event) => mine === session && onEvent(placeEvent(event, origin)),
      onError: (error) => mine === session && onError(error),
    });
    stream = opened;
    const beforeEnd = async (): Promise<void> => {
      if (pace !== 'file' || !options.continues()) return;
      await askBehind(opened, () => model?.lm === true);
    };
    feed = createFeed(opened, recording, { from: origin.sample, beforeEnd });
    if (whole) feed.end();
    else feed.wake();
    follow();
  }

  function onEvent(event: StreamEvent): void {
    switch (event.type) {
      case 'ready':
        model = event.model;
        listener.onReady(model, seam && !event.resumed);
        return;
      case 'unit':
        recording.addUnit(event.unit);
        listener.onPredicted([]);
        if (model !== undefined) listener.onUnit(event.unit, model);
        return;
      case 'provisional':
        recording.setProvisional(event.units);
        return listener.onProvisional();
      case 'predicted':
        if (event.unit.place === 0) predicted = [];
        // What was on its way when nobody wanted it any more is not shown, nor the rest of a list whose start was not.
        if (!options.continues() || event.unit.place !== predicted.length) return;
        predicted.push(event.unit.id);
        recording.setPredicted(event.after, predicted);
        return listener.onPredicted(predicted);
      case 'progress':
        return listener.onLag(event.lagMs);
      case 'reconnecting':
        return listener.onInterrupted(droppedOrRefused(event.reason));
      case 'warning':
        return listener.onWarning(event.error);
      case 'done':
        close();
        recording.setProvisional([]);
        return listener.onDone();
      default:
    }
  }

  function onError(problem: unknown): void {
    close();
    if (!(problem instanceof PipelineError)) return listener.onFailed(problem);
    const forgotten = problem.code === 'SYLSTREAM_ERR_RESUME_EXPIRED';
    if (!forgotten && (whole || !disposition(problem.code).retry))
      return listener.onFailed(problem);
    if (forgotten && pace === 'file') {
      recording.forgetUnits();
      listener.onUnitsForgotten();
    }
    listener.onInterrupted(new PageError('reconnecting', { cause: problem }));
    open();
  }

  function follow(): void {
    continuing?.unsubscribe();
    if (!options.continues() || stream === undefined || whole) return;
    continuing = askNext(stream, 'unit').subscribe({
      error: () => undefined, // the stream's own events say why
    });
  }

  function close(): void {
    session++;
    continuing?.unsubscribe();
    const old = stream;
    stream = feed = undefined;
    old?.close();
  }

  open();
  return {
    get trying() {
      return stream !== undefined;
    },
    wake: () => feed?.wake(),
    end() {
      whole = true;
      feed?.end();
    },
    setRate: (rate) => stream?.setRate(rate),
    follow,
    retry() {
      if (stream === undefined) open();
    },
    close,
  };
}

/** A server that refused says why; of a connection that dropped only that is worth saying. */
function droppedOrRefused(reason: PipelineError): Error {
  if (reason.code !== 'SYLSTREAM_ERR_CONNECTION') return reason;
  return new PageError('reconnecting', { cause: reason });
}
