import { Observable, Subscription } from 'rxjs';
import { checkNumber, between } from '../core/check.ts';
import { PipelineError } from '../core/errors.ts';
import { SAMPLE_RATE } from '../core/time.ts';
import type { PcmChunk } from '../core/types.ts';
import { MAX_SAID_UNITS, type Say } from '../protocol/index.ts';
import { toGen, type ContinueOptions } from './continuations.ts';
import type { StreamEvent } from './events.ts';
import { given } from './given.ts';
import { iterate } from './iterate.ts';

/** A unit to be spoken, better with its finer name, which a final unit has: as long as from `start` to `end` (samples at 16 kHz), or, without them, as it mostly is. */
export interface UnitToSay {
  readonly id: number;
  readonly fine?: number | undefined;
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

/** What to say, and how. */
export interface SayOptions {
  /** These units, all of them with times or none, 1 to 1,024. Without them, and without `continuation`: those of the stream from now on. */
  readonly units?: readonly UnitToSay[];
  /** What comes next. */
  readonly continuation?: Omit<ContinueOptions, 'on' | 'n'>;
  /** One of `ready`'s `model.voices`; default: the first. */
  readonly voice?: string;
  /** Name or hash of the bundle that `units` are of: the server refuses those of another. */
  readonly model?: string;
  /** A newer unit does not end it; default false. */
  readonly keep?: boolean;
  /** Whether a unit waits for the next one, and leads over to it; default true. */
  readonly lookAhead?: boolean;
  /** Seconds that may come ahead of what was heard, 0.1 to 600; default 2. */
  readonly ahead?: number;
  /** How many samples were heard, whenever that grows: of a player. Default: what was emitted counts as heard. */
  readonly heard$?: Observable<number>;
}

/**
 * Speech, 16 kHz mono. Completes when all is said, when a newer unit ended it, or with the stream; fails with a `PipelineError` when the
 * server does not do it (`SYLSTREAM_ERR_VOICE`, `SYLSTREAM_ERR_UNITS`, `SYLSTREAM_ERR_MODEL`, `SYLSTREAM_ERR_OPTION` also where it cannot
 * speak, `SYLSTREAM_ERR_RATE_LIMITED`), with `SYLSTREAM_ERR_CONNECTION` when the connection went meanwhile (subscribe again to have
 * it said again), and as the stream itself does. Who stops listening cancels.
 */
export interface Speech extends AsyncIterable<PcmChunk> {
  readonly pcm$: Observable<PcmChunk>;
}

/** What speech needs of its stream. */
export interface SpeakingStream {
  readonly events$: Observable<StreamEvent>;
  /** Asks for it. */
  readonly ask: (say: Say) => void;
  readonly heard: (id: string, n: number, credit: number) => void;
  readonly cancel: (id: string) => void;
}

/** Makes speech of a stream; nothing is asked for before somebody listens. Throws `RangeError` or `TypeError` for wrong options. */
export function createSpeech(
  stream: SpeakingStream,
  options: SayOptions,
  newId: () => string,
): Speech {
  const say = toSay(options);
  const credit = Math.round(
    SAMPLE_RATE * checkNumber('ahead', options.ahead ?? 2, between(0.1, 600)),
  );
  const pcm$ = new Observable<PcmChunk>((subscriber) => {
    const id = newId();
    let isOver = false;
    const all = new Subscription(() => {
      if (!isOver) stream.cancel(id);
    });
    const fail = (error: unknown): void => {
      isOver = true;
      subscriber.error(error);
    };
    all.add(
      stream.events$.subscribe({
        next(event) {
          if (event.type === 'warning' && event.ref === id) return fail(event.error);
          if ((event.type !== 'sound' && event.type !== 'spoken') || event.request !== id) return;
          if (event.type === 'sound') {
            subscriber.next({ samples: event.samples });
            if (!options.heard$ && !subscriber.closed)
              stream.heard(id, event.at + event.samples.length, credit);
            return;
          }
          const failure = failureOf(event.reason);
          if (failure) return fail(failure);
          isOver = true;
          subscriber.complete();
        },
        error: fail,
        complete() {
          isOver = true;
          subscriber.complete();
        },
      }),
    );
    if (subscriber.closed) return all; // the stream is over
    stream.ask({ ...say, t: 'say', id, credit });
    all.add(options.heard$?.subscribe((n) => stream.heard(id, n, credit)));
    return all;
  });
  return { pcm$, [Symbol.asyncIterator]: () => iterate(pcm$, () => undefined) };
}

function failureOf(reason: Extract<StreamEvent, { type: 'spoken' }>['reason']): Error | undefined {
  if (reason === 'lost') {
    const message = 'the connection went while it was spoken; ask again';
    return new PipelineError('SYLSTREAM_ERR_CONNECTION', message);
  }
  if (reason !== 'unsupported') return undefined;
  const message =
    'the server cannot say it: its bundle has no vocoder, or no language model for this rate';
  return new PipelineError('SYLSTREAM_ERR_OPTION', message);
}

function toSay(options: SayOptions): Omit<Say, 't' | 'id'> {
  const { units, continuation, voice, model, keep, lookAhead: lookahead } = options;
  if (units && continuation) throw new TypeError('units and continuation exclude each other');
  const all = {
    of: continuation ? ('continuation' as const) : ('units' as const),
    ...(units && listed(units)),
    gen: continuation && toGen(continuation),
    voice,
    model,
    keep,
    lookahead,
  };
  return given(all) as Omit<Say, 't' | 'id'>;
}

function listed(units: readonly UnitToSay[]): Pick<Say, 'us' | 'ids' | 'fine'> {
  if (units.length < 1 || units.length > MAX_SAID_UNITS)
    throw new RangeError(`expected 1 to ${MAX_SAID_UNITS} units, got ${units.length}`);
  const us = units.flatMap(({ id, start, end }) =>
    start === undefined || end === undefined ? [] : [[id, start, end] as const],
  );
  const finer = units.map(({ fine = 0 }) => fine);
  const fine = finer.some((name) => name > 0) ? { fine: finer } : {};
  if (us.length === units.length) return { us, ...fine };
  if (us.length === 0) return { ids: units.map(({ id }) => id), ...fine };
  throw new TypeError('units must all have start and end, or none of them');
}
