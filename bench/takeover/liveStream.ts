import { setTimeout as wait } from 'node:timers/promises';
import { openStream, type WebSocketFactory } from '../../src/client/index.ts';
import { SAMPLE_RATE } from '../../src/core/time.ts';
import type { SpeechEvent } from '../../src/core/types.ts';
import { CHUNK_MS, type LiveScript } from './script.ts';

/** What a live stream saw. */
export interface LiveRun {
  /** Units and answers to flushes. */
  readonly finals: readonly SpeechEvent[];
  /** Of every break: milliseconds from it to the next unit, and from when that was due, or the break if that was later. */
  readonly breaks: readonly { readonly ms: number; readonly lateMs: number }[];
  /** Of every move to another gateway without a break: milliseconds that the next unit came after it was due. */
  readonly moves: readonly number[];
  /** Milliseconds that units came after they were due, those after breaks and moves included. */
  readonly lateMs: readonly number[];
  /** What servers said of their lag, while the stream had not been disturbed for some seconds. */
  readonly lagMs: readonly number[];
  /** What ended it, if not its end. */
  readonly failure?: unknown;
}

/** What all live streams together have seen so far. */
export interface Progress {
  units: number;
  breaks: number;
  moves: number;
}

/** A stream counts as undisturbed again so long after it came to another gateway. */
const DISTURBED_MS = 3000;

/** Sends a script as it is spoken, and writes down what comes and when; counts it in `progress` too. */
export async function runLive(
  script: LiveScript,
  url: string,
  webSocket: WebSocketFactory,
  progress: Progress,
): Promise<LiveRun> {
  const stream = openStream(url, { ...script.format, webSocket });
  const finals: SpeechEvent[] = [];
  const breaks: { ms: number; lateMs: number }[] = [];
  const moves: number[] = [];
  const lateMs: number[] = [];
  const lagMs: number[] = [];
  const writtenAt: number[] = [];
  let brokenAt: number | undefined;
  let hasMoved = false;
  let disturbedAt = performance.now();
  let failure: unknown;

  function took({ unit }: Extract<SpeechEvent, { type: 'unit' }>, now: number): void {
    const chunk = Math.ceil((unit.decided / SAMPLE_RATE) * (1000 / CHUNK_MS)) - 1;
    const due = writtenAt[Math.min(Math.max(0, chunk), writtenAt.length - 1)];
    lateMs.push(now - due);
    progress.units++;
    if (brokenAt !== undefined) {
      breaks.push({ ms: now - brokenAt, lateMs: now - Math.max(due, brokenAt) });
      progress.breaks++;
    } else if (hasMoved) {
      moves.push(now - due);
      progress.moves++;
    }
    brokenAt = undefined;
    hasMoved = false;
  }

  stream.events$.subscribe({
    next(event) {
      const now = performance.now();
      if (event.type === 'unit') took(event, now);
      if (event.type === 'unit' || event.type === 'flushed') finals.push(event);
      if (event.type === 'reconnecting') brokenAt ??= now;
      if (event.type === 'ready') {
        hasMoved = event.resumed;
        disturbedAt = now;
      }
      const isQuiet = brokenAt === undefined && now - disturbedAt > DISTURBED_MS;
      if (event.type === 'progress' && isQuiet) lagMs.push(event.lagMs);
    },
    error: (error: unknown) => (failure = error),
  });
  const beganAt = performance.now();
  try {
    for (let chunk = 0; chunk < script.chunks && failure === undefined; chunk++) {
      const early = beganAt + chunk * CHUNK_MS - performance.now();
      if (early > 0) await wait(early);
      const act = script.act(chunk);
      if (act === 'flush') stream.flush();
      else if (act !== undefined) stream.setRate(act);
      writtenAt.push(performance.now());
      void stream.write(script.bytes(chunk)).catch((error: unknown) => (failure ??= error));
    }
    await stream.end();
  } catch (error) {
    failure ??= error;
  }
  return { finals, breaks, moves, lateMs, lagMs, ...(failure !== undefined && { failure }) };
}
