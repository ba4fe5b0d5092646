import { filter, map, Subject, type Observable } from 'rxjs';
import { PipelineError } from '../core/errors.ts';
import { bytesPerMoment, disposition, fromWireError } from '../protocol/index.ts';
import type {
  Ack,
  FinalUnit,
  Flushed,
  ContinueRequest,
  Hello,
  Ready,
  Say,
  ServerMessage,
  WireAudio,
  WireError,
} from '../protocol/index.ts';
import type { Rate, Unit } from '../core/types.ts';
import { createBackOff, type BackOff } from './backOff.ts';
import { createContinuations, type Continuations, type ContinueOptions } from './continuations.ts';
import { momentsOf } from './momentsOf.ts';
import { goawayOf } from './goawayOf.ts';
import type { StreamEvent } from './events.ts';
import { helloOf, resumeOf } from './helloOf.ts';
import { iterate } from './iterate.ts';
import { resolveOptions, type ResolvedOptions, type StreamOptions } from './options.ts';
import { createMove, type Move } from './move.ts';
import { doneOf } from './doneOf.ts';
import { createOutbox, type Outbox, type WireControl } from './outbox.ts';
import { createPassage, type Passage } from './passage.ts';
import { createRequests, type Requests } from './requests.ts';
import { soundOf } from './soundOf.ts';
import { createSpeech, type SayOptions, type Speech } from './speech.ts';
import { createTimeline, type Timeline } from './timeline.ts';
import { connectWire, type WireConnection } from './wireConnection.ts';

/** Part of the buffer above which `write` waits. */
const HIGH_WATER = 0.5;

/**
 * One live stream to a server: audio in, events out, whatever becomes of the sockets between.
 *
 * @example
 * const stream = openStream('ws://127.0.0.1:8990/v1/stream', { sampleRate: 48_000 });
 * stream.units$.subscribe((unit) => console.log(unit.id, unit.start / 16_000));
 * for await (const samples of microphone) await stream.write(samples);
 * await stream.end();
 */
export class UnitStream implements AsyncIterable<StreamEvent> {
  /** Every event; completes after `done` or `close()`, fails with a `PipelineError`. Subscribe at once: it does not repeat. */
  readonly events$: Observable<StreamEvent>;
  /** The final units alone. */
  readonly units$: Observable<Unit>;
  readonly #url: string;
  readonly #options: ResolvedOptions;
  readonly #audio: WireAudio;
  readonly #out$ = new Subject<StreamEvent>();
  readonly #outbox: Outbox;
  readonly #timeline: Timeline;
  readonly #backOff: BackOff;
  readonly #passage: Passage;
  #wire: WireConnection | undefined;
  /** The way to another gateway, while this one still serves. */
  readonly #move: Move;
  #ready: Ready | undefined;
  #isLive = false;
  #limit = 0;
  /** The stream's sample at which the session counts 0. */
  #base = 0;
  #lastFlush: string | number | undefined;
  /** Flushes that are not answered. */
  readonly #flushes = new Set<string | number>();
  #controlCount = 0;
  #retryAfterMs: number | undefined;
  #lastError: PipelineError | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  #isEnding = false;
  #flushCount = 0;
  #requestCount = 0;
  readonly #requests: Requests = createRequests({
    send: (message) => this.#isLive && this.#wire?.send(message),
    onLost: (request) => this.#emit({ type: 'spoken', request, reason: 'lost' }),
  });
  #waiting: (() => void)[] = [];

  constructor(url: string, options: StreamOptions = {}) {
    this.#url = url;
    this.#options = resolveOptions(options);
    const { format: fmt, sampleRate: rate, channels: ch } = this.#options;
    this.#audio = { fmt, rate, ch };
    this.#outbox = createOutbox(bytesPerMoment(this.#audio));
    this.#timeline = createTimeline(rate);
    const { backOffMs: firstMs, giveUpMs, takeoverBytes: maxBytes } = this.#options;
    this.#passage = createPassage({ maxBytes, momentBytes: bytesPerMoment(this.#audio) });
    this.#backOff = createBackOff({ firstMs, giveUpMs });
    this.#move = createMove(url, this.#options, {
      isOpen: () => this.#passage.isOpen,
      hello: () => {
        const hello = this.#hello();
        return { ...hello, resume: { ...hello.resume!, token: '', only: true } };
      },
      onArrived: (wire, message) => {
        this.#wire?.close();
        this.#requests.lost();
        this.#wire = wire;
        this.#begin(message);
      },
      onMessage: (message) => this.#receive(message),
      onClosed: (error, closeCode) => this.#closed(this.#lastError ?? error, closeCode),
      onStayed: () => this.#passage.arrive(),
    });
    this.events$ = this.#out$.asObservable();
    this.units$ = this.#out$.pipe(
      filter((event) => event.type === 'unit'),
      map((event) => event.unit),
    );
    this.#connect();
  }

  /** Milliseconds of audio that the server has not taken. */
  get pendingMs(): number {
    return (this.#outbox.held * 1000) / this.#audio.rate;
  }

  /**
   * Appends audio: samples in [-1, 1], or whole moments of bytes in the stream's format. Resolves when there is room for
   * more; a live source need not wait. Rejects with `SYLSTREAM_ERR_OVERRUN` when `bufferMs` of audio wait already,
   * `SYLSTREAM_ERR_AUDIO_BYTES` for a broken moment, `SYLSTREAM_ERR_CLOSED` after the end.
   */
  async write(chunk: Float32Array | Uint8Array): Promise<void> {
    this.#mustBeOpen();
    const bytes = momentsOf(chunk, this.#audio);
    const { bufferMs } = this.#options;
    if (this.pendingMs > bufferMs) {
      const message = `${bufferMs} ms of audio wait for the server; the connection is too slow`;
      throw new PipelineError('SYLSTREAM_ERR_OVERRUN', message);
    }
    this.#outbox.pushAudio(bytes);
    this.#pump();
    if (this.pendingMs > bufferMs * HIGH_WATER) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Declares that so many samples do not exist; they count as silence. */
  skip(samples: number): void {
    this.#mustBeOpen();
    this.#outbox.pushGap(samples);
    this.#pump();
  }

  /** Turns the rate dial from here on, or from a sample at 16 kHz on. */
  setRate(rate: Rate, fromSample?: number): void {
    this.#control({ t: 'set', rate, ...(fromSample !== undefined && { from: fromSample }) });
  }

  /** Asks that all audio so far be decided; the `flushed` event with the id returned follows. */
  flush(): string {
    const id = `f${this.#flushCount++}`;
    this.#flushes.add(id);
    this.#control({ t: 'flush', id });
    return id;
  }

  /**
   * Asks for continuations; `predicted` and `continued` events of this id follow, or a `warning` when it is not done.
   * After a lost connection it is asked for again, and the continuation begins anew.
   */
  ask(request: Omit<ContinueRequest, 't'>): void {
    this.#mustBeOpen();
    this.#requests.ask({ ...request, t: 'gen' });
  }

  /** Ends a request; its last `continued`, or `spoken`, follows. */
  cancel(id: string | number): void {
    this.#requests.cancel(id);
  }

  /** What comes next, while it is listened to: every subscription and every iteration is a request of its own. */
  continuations(options: ContinueOptions = {}): Continuations {
    return createContinuations(this, options, () => `g${this.#requestCount++}`);
  }

  /** Has units spoken, while it is listened to: every subscription and every iteration is a request of its own. */
  say(options: SayOptions = {}): Speech {
    const { events$ } = this;
    const { cancel, heard } = this.#requests;
    const ask = (say: Say): void => (this.#mustBeOpen(), this.#requests.ask(say));
    return createSpeech({ events$, ask, heard, cancel }, options, () => `s${this.#requestCount++}`);
  }

  /** No more audio. The promise resolves after `done`, and rejects with what `events$` fails with. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#control({ t: 'end' });
    await new Promise<void>((complete, error) => this.#out$.subscribe({ complete, error }));
  }

  /** Leaves at once; undecided audio is lost. */
  close(): void {
    this.#finish(() => this.#out$.complete());
  }

  /** Events from now on, in order; ends and fails as `events$` does. */
  [Symbol.asyncIterator](): AsyncIterator<StreamEvent> {
    return iterate(this.#out$, () => this.close());
  }

  #control(message: WireControl): void {
    this.#mustBeOpen();
    const isNumbered = this.#options.takeoverBytes > 0 && message.t !== 'end';
    this.#outbox.pushControl(isNumbered ? { ...message, k: this.#controlCount++ } : message);
    this.#pump();
  }

  #mustBeOpen(): void {
    if (this.#isOver) throw new PipelineError('SYLSTREAM_ERR_CLOSED', 'the stream is over');
  }

  #connect(): void {
    this.#lastError = undefined;
    this.#retryAfterMs = undefined;
    this.#wire = connectWire(this.#url, this.#options, {
      onOpen: () => this.#wire?.send(this.#hello()),
      onMessage: (message) => this.#receive(message),
      onClosed: (error, code) => this.#closed(this.#lastError ?? error, code),
    });
  }

  /** Whether all of the session is still here, and there is no seal yet: another gateway can begin it again, to the same units. */
  get #isWhole(): boolean {
    const { isOffered, isOpen } = this.#passage;
    return this.#ready !== undefined && isOffered && !isOpen && this.#outbox.kept <= this.#base;
  }

  #hello(): Hello {
    const hello = helloOf(this.#options);
    if (this.#ready === undefined) return hello;
    const known = { after: this.#timeline.after, flush: this.#lastFlush, isWhole: this.#isWhole };
    const resume = resumeOf(this.#options, this.#ready.token, known);
    return { ...hello, resume, ...this.#passage.ticket() };
  }

  #receive(message: ServerMessage): void {
    switch (message.t) {
      case 'ready':
        return this.#begin(message);
      case 'ack':
        return this.#acknowledge(message);
      case 'u':
        return this.#unit(message);
      case 'p':
        return this.#emit(this.#timeline.provisional(message));
      case 'flushed':
        return this.#flushed(message);
      case 'gend':
        if (message.more !== true) this.#requests.over(message.id);
        return this.#emit(this.#timeline.continued(message));
      case 'g':
        return this.#emit(this.#timeline.predicted(message));
      case 'w':
        return this.#emit(soundOf(message));
      case 'wend':
        this.#requests.over(message.id);
        return this.#emit({ type: 'spoken', request: message.id, reason: message.reason });
      case 'goaway':
        if (message.elsewhere === true) this.#move.wanted(message.deadline_ms);
        this.#move.begin();
        return this.#emit(goawayOf(message));
      case 'error':
        return this.#error(message);
      case 'done':
        this.#emit(doneOf(message, this.#timeline.units, this.#base));
        return this.#finish(() => this.#out$.complete());
      default:
    }
  }

  #begin(ready: Ready): void {
    const goesOn = ready.resumed || this.#isWhole;
    this.#passage.begin(ready, !goesOn);
    if (this.#ready !== undefined && !goesOn) {
      this.#base = this.#outbox.first;
      this.#timeline.restart(this.#base);
      this.#emit({ type: 'restarted', sample: this.#base, index: this.#timeline.units });
    }
    this.#ready = ready;
    this.#isLive = true;
    this.#backOff.succeed();
    const next = this.#base + ready.next;
    if (ready.again === undefined) this.#outbox.rewind(next);
    else this.#outbox.replay({ from: this.#base + ready.again, next, k: ready.k ?? 0 });
    this.#emit({ type: 'ready', resumed: goesOn, model: ready.model });
    if (!this.#isEnding) this.#requests.again();
    this.#grant(ready.next, ready.credit);
  }

  #acknowledge(ack: Ack): void {
    this.#passage.acknowledged(ack, this.#outbox.kept - this.#base);
    this.#grant(ack.n, ack.credit);
    this.#emit({ type: 'progress', acknowledged: this.#base + ack.n, lagMs: ack.lag_ms });
    this.#move.begin(); // there may be a seal now
  }

  #grant(n: number, credit: number): void {
    this.#limit = this.#base + n + credit;
    this.#outbox.acknowledge(this.#base + n, this.#base + this.#passage.keep(n));
    this.#pump();
    if (this.pendingMs <= this.#options.bufferMs * HIGH_WATER) this.#wake();
  }

  #pump(): void {
    while (this.#isLive) {
      const message = this.#outbox.take(this.#limit);
      if (message === undefined) return;
      const isAudio = message.t === 'a' || message.t === 'gap' || message.t === 'again';
      this.#wire?.send(isAudio ? { ...message, n: message.n - this.#base } : message);
    }
  }

  #unit(message: FinalUnit): void {
    try {
      const event = this.#timeline.unit(message);
      if (event) this.#passage.unit(message);
      this.#emit(event);
    } catch (cause) {
      const error = new PipelineError('SYLSTREAM_ERR_INTERNAL', String(cause), { cause });
      this.#finish(() => this.#out$.error(error));
    }
  }

  #flushed(message: Flushed): void {
    if (!this.#flushes.delete(message.id)) return; // it came before the stream was taken over
    this.#lastFlush = message.id;
    if (!this.#passage.isOffered) this.#outbox.forget(message.id); // else another gateway may need it
    this.#emit(this.#timeline.flushed(message));
  }

  #error(message: WireError): void {
    const error = fromWireError(message);
    if (message.fatal) {
      this.#lastError = error;
      this.#retryAfterMs = message.retry_after_ms;
    } else {
      if (message.ref !== undefined) this.#requests.over(message.ref);
      const { ref } = message;
      this.#emit({ type: 'warning', error, ...(ref !== undefined && { ref }) });
    }
  }

  #closed(reason: PipelineError, code: number): void {
    this.#isLive = false;
    this.#requests.lost();
    this.#move.end();
    this.#passage.arrive();
    const isNetwork = reason.code === 'SYLSTREAM_ERR_CONNECTION';
    const isBusy =
      reason.code === 'SYLSTREAM_ERR_CAPACITY' || reason.code === 'SYLSTREAM_ERR_DRAINING';
    // Another gateway may have room: with a seal always, without one it is asked once before the wait.
    const isElsewhere = this.#passage.isOpen || (isBusy && this.#backOff.attempt === 0);
    const delayMs =
      isNetwork || disposition(reason.code).retry || code === 1001
        ? this.#backOff.next(Date.now(), isElsewhere ? 0 : this.#retryAfterMs)
        : undefined;
    if (delayMs === undefined) return this.#finish(() => this.#out$.error(reason));
    this.#emit({ type: 'reconnecting', attempt: this.#backOff.attempt, delayMs, reason });
    if (!this.#isOver) this.#timer = setTimeout(() => this.#connect(), delayMs);
  }

  #emit(event: StreamEvent | undefined): void {
    if (event !== undefined && !this.#isOver) this.#out$.next(event);
  }

  #finish(tell: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isLive = false;
    clearTimeout(this.#timer);
    this.#move.end();
    this.#wire?.close();
    this.#wake();
    tell();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** Opens a stream; it connects by itself, and again when it must. Throws `RangeError` or `TypeError` for wrong options. */
export function openStream(url: string, options: StreamOptions = {}): UnitStream {
  return new UnitStream(url, options);
}
