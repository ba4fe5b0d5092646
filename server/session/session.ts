import { PipelineError } from '../../src/core/errors.ts';
import { MAX_PENDING_TURNS } from '../../src/segments/rateSchedule.ts';
import { toWireError } from '../../src/protocol/index.ts';
import type { ClientMessage, Hello, WireId } from '../../src/protocol/index.ts';
import type { PooledStream } from '../../src/streams/pool/pooledStream.ts';
import type { Snapshot } from '../../src/streams/pool/shardMessages.ts';
import type { SpeechEvent } from '../../src/core/types.ts';
import { SAMPLE_RATE } from '../../src/core/time.ts';
import { createAcks } from './acks.ts';
import { createAudioPort, type AudioPort } from './audioPort.ts';
import type { AudioSuspicion } from './audioSuspicion.ts';
import type { EventOutlet } from './eventOutlet.ts';
import type { FlushBook } from '../limits/flushBook.ts';
import { createLagMeter, type LagMeter } from '../observe/lagMeter.ts';
import type { ControlNumbers } from './controlNumbers.ts';
import type { Intake } from './intake.ts';
import type { Link } from './link.ts';
import { pipelineError } from './pipelineError.ts';
import type { PendingTurns } from './pendingTurns.ts';
import type { Requests } from './requests.ts';
import { createSeals, type Seals } from './seals.ts';
import { createSessionParts } from './sessionParts.ts';
import { checkRate, streamOptions } from './sessionOptions.ts';
import { offersTakeover, type Origin } from './takeover.ts';
import type { SessionContext } from './sessionOptions.ts';
import { toFinalUnit } from './wireEvents.ts';

/** Reckoned for the objects of a session. */
const OBJECT_BYTES = 2 ** 15;

/**
 * One stream's life: audio in by index, events out in order, whatever becomes of the sockets between.
 * It owns the one stream of the pool; `release()` ends it.
 */
export class Session {
  readonly id: string;
  readonly hello: Hello;
  /** Monotone milliseconds. */
  readonly startedAt: number;
  readonly #context: SessionContext;
  readonly #stream: PooledStream;
  readonly #intake: Intake;
  readonly #numbers: ControlNumbers;
  readonly #seals: Seals | undefined;
  readonly #events: EventOutlet;
  readonly #audio: AudioPort;
  readonly #lag: LagMeter = createLagMeter();
  readonly #flushes: FlushBook;
  readonly #requests: Requests;
  readonly #suspicion: AudioSuspicion;
  #link: Link | undefined;
  #units = 0;
  #lastFlush: WireId | undefined;
  /** Called when the past of a session from elsewhere is done, or the session is over. */
  #onReplayed: ((isDone: boolean) => void) | undefined;
  /** All audio up to this sample is encoded, at 16 kHz. */
  #encoded = 0;
  /** End of the last final unit, at 16 kHz. */
  #decided = 0;
  #failure: PipelineError | undefined;
  readonly #turns: PendingTurns;
  #completed = false;
  /** Called instead of `done`, when the server ends the session. */
  #onConcluded: (() => void) | undefined;
  #acks = createAcks();

  /** Opens the stream; throws `SYLSTREAM_ERR_OPTION` when the hello asks for what the bundle does not offer. */
  constructor(id: string, hello: Hello, context: SessionContext, { taken, credential }: Origin) {
    this.id = id;
    this.hello = hello;
    this.#context = context;
    const sealed = taken?.sealed;
    this.startedAt = context.now() - (sealed ? Math.max(0, Date.now() - sealed.startedAt) : 0);
    const parts = createSessionParts(hello, context, taken, {
      link: () => this.#link,
      refuse: (error, ref) => this.#refuse(error, ref),
    });
    this.#intake = parts.intake;
    this.#events = parts.events;
    this.#flushes = parts.flushes;
    this.#suspicion = parts.suspicion;
    this.#requests = parts.requests;
    this.#numbers = parts.numbers;
    this.#turns = parts.turns;
    this.#units = sealed?.units ?? 0;
    this.#decided = sealed?.decided ?? 0;
    this.#lastFlush = sealed?.lastFlush;
    if (hello.want?.continuation === true) this.#requests.prepare();
    const { format, options } = streamOptions(hello, context);
    this.#seals = offersTakeover(hello, context)
      ? createSeals({
          sealer: context.sealer!,
          credential: credential.id,
          sampleRate: hello.audio.rate,
          windowMs: context.settings.resumeWindowMs,
          numbers: this.#numbers,
          ask: () => this.#stream.snapshot(),
          session: () => this.#sealed(),
        })
      : undefined;
    const listener = {
      event: (event: SpeechEvent) => this.#emit(event),
      progress: (sample: number) => this.#progress(sample),
      completed: () => this.#complete(),
      failed: (error: Error) => this.#fail(pipelineError(error)),
      snapshot: (snapshot: Snapshot) => this.#seal(snapshot),
    };
    this.#stream = context.streams.open(format, options, listener, taken?.stream.state);
    this.#audio = createAudioPort({
      intake: this.#intake,
      suspicion: this.#suspicion,
      stream: this.#stream,
      isReplaying: () => this.#onReplayed !== undefined,
      lag: this.#lag,
      rate: hello.audio.rate,
      context,
    });
  }

  /** Calls back once, when the past of a session from elsewhere is done, or it will not come: the client or the session is gone. */
  onReplayed(act: (isDone: boolean) => void): void {
    this.#onReplayed = act;
  }

  /** Whether its client gets seals. */
  get isSealed(): boolean {
    return this.#seals !== undefined;
  }

  /** The sample that is expected next, at the declared rate. */
  get next(): number {
    return this.#intake.next;
  }

  /** The sample from which on the past has to come again, where it is not here yet. */
  get again(): number | undefined {
    const { received, next } = this.#intake;
    return received < next ? received : undefined;
  }

  /** Samples that may be sent from `next` on. */
  get credit(): number {
    return this.#intake.grant().credit;
  }

  /** What ended the pipeline, if it failed. */
  get failure(): PipelineError | undefined {
    return this.#failure;
  }

  /** Seconds of audio that are here and not decided. */
  get undecidedSeconds(): number {
    return Math.max(0, this.#intake.next / this.hello.audio.rate - this.#decided / SAMPLE_RATE);
  }

  /** The link that `attach` set. */
  get link(): Link | undefined {
    return this.#link;
  }

  /** The number of the first event that a client lacks, or undefined when the log no longer has it. */
  find(after: number, flush?: WireId): number | undefined {
    return this.#events.find(after, flush);
  }

  /** Gives the session a client; events go out from number `cursor` on. */
  attach(link: Link, cursor: number): void {
    this.#link = link;
    this.#events.begin(cursor);
    this.#acks = createAcks();
    this.pump();
  }

  /** Takes the client away; the session goes on with what it has. */
  detach(): void {
    this.#requests.drop();
    this.#link = undefined;
    this.#replayed(false); // what is missing of the past does not come from a client that is gone
  }

  /** Keeps only what going on needs, as soon as all that is here is done; what comes next wakes it. */
  rest(): void {
    this.#requests.rest();
    this.#stream.rest();
  }

  /** Bytes that it keeps while it rests; undefined while it does not. */
  get restingBytes(): number | undefined {
    const bytes = this.#stream.restingBytes;
    return bytes === undefined ? undefined : bytes + this.#events.bytes + OBJECT_BYTES;
  }

  /** Takes a client's message; throws a `PipelineError` that is fatal for the connection. */
  receive(message: ClientMessage): void {
    switch (message.t) {
      case 'a':
      case 'gap':
      case 'again':
        return this.#audio.take(message);
      case 'set':
        if (!this.#numbers.isNew(message.k)) return;
        return this.#inOrder(() => this.#set(message.rate, message.from));
      case 'flush':
        if (!this.#numbers.isNew(message.k)) return;
        return this.#flush(message.id);
      case 'gen':
      case 'say':
        return this.#inOrder(() => this.#requests.ask(message));
      case 'heard':
      case 'cancel':
        return this.#requests.take(message);
      case 'end':
        return this.#end();
      case 'ping':
        return this.#link?.send({ ...message, t: 'pong' });
      case 'pong':
        return;
      case 'hello':
        throw new PipelineError('SYLSTREAM_ERR_ORDER', 'hello comes once, as the first message');
    }
  }

  /** Sends the events that wait while the link has room, then `done` where it is due. */
  pump(): void {
    const link = this.#link;
    if (link === undefined) return;
    if (!this.#events.send(link, () => this.#link === link)) {
      const message = 'events were not read in time';
      return link.fail(new PipelineError('SYLSTREAM_ERR_SLOW_READER', message));
    }
    this.#requests.pump();
    if (this.#link !== link || !this.#completed || !this.#events.isEmpty) return;
    if (!this.#requests.isSilent) return; // what is being said comes first
    if (this.#onConcluded !== undefined) {
      link.send({ t: 'ack', n: this.#intake.next, credit: 0, lag_ms: this.#lag.latestMs });
      return this.#onConcluded();
    }
    const lag_p99_ms = this.#lag.quantile(0.99);
    link.send({ t: 'done', units: this.#units, samples: this.#intake.next, lag_p99_ms });
    link.finish();
  }

  /**
   * Ends the session for the server’s own reasons: takes no more audio, decides all that is here, sends it with a last
   * `ack`, then calls back. A session whose client has said `end` comes to its `done` by itself.
   */
  conclude(onConcluded: () => void): void {
    this.#requests.cancelAll();
    if (this.#intake.isOver) return;
    this.#onConcluded = onConcluded;
    this.#end();
  }

  /** Sends an `ack` when one is due. */
  tick(now: number): void {
    const link = this.#link;
    this.#requests.pump();
    if (link === undefined || this.#completed || this.#onConcluded !== undefined) return;
    if (!this.#intake.isOver) this.#seals?.tick(now, this.#encoded);
    if (this.#acks.isDue(this.#intake, now)) this.#acknowledge(link, now);
  }

  #acknowledge(link: Link, now: number, seal?: ReturnType<Seals['of']>): void {
    link.send({ ...this.#acks.next(this.#intake, now, this.#lag.latestMs), ...seal });
  }

  /** Sends a seal, where everything that is behind it has gone out before. */
  #seal(snapshot: Snapshot): void {
    const link = this.#link;
    if (link === undefined || this.#completed || this.#onConcluded !== undefined) return;
    if (!this.#events.isEmpty || !link.hasRoom()) return;
    const seal = this.#seals?.of(snapshot, this.#encoded);
    if (seal) this.#acknowledge(link, this.#context.now(), seal);
  }

  #sealed(): ReturnType<Parameters<typeof createSeals>[0]['session']> {
    const now = this.#context.now();
    const { t: _t, resume: _resume, seal: _seal, past: _past, ...hello } = this.hello;
    return {
      sid: this.id,
      startedAt: Math.floor(Date.now() - (now - this.startedAt)),
      hello: { t: 'hello', ...hello },
      units: this.#units,
      decided: this.#decided,
      ...(this.#lastFlush !== undefined && { lastFlush: this.#lastFlush }),
      flushes: this.#flushes.saved(now),
      turns: this.#turns.ahead(this.#decided),
      dial: this.#requests.dial,
      heard: this.#suspicion.heard,
    };
  }

  /** Ends the pipeline and gives back what it holds. */
  release(): void {
    this.#link = undefined;
    this.#requests.release();
    this.#stream.release();
    this.#replayed(false);
  }

  #replayed(isDone: boolean): void {
    this.#onReplayed?.(isDone);
    this.#onReplayed = undefined;
  }

  #set(rate: 'natural' | number, fromSample?: number): void {
    try {
      checkRate(this.#context.streams.bundle, rate);
    } catch (error) {
      return this.#refuse(pipelineError(error, 'SYLSTREAM_ERR_OPTION'), 'set');
    }
    const here = Math.floor((this.#intake.received * SAMPLE_RATE) / this.hello.audio.rate);
    const from = fromSample ?? here;
    if (!this.#turns.turn(from, this.#decided)) {
      const message = `at most ${MAX_PENDING_TURNS} turns of the dial may lie ahead of what is decided`;
      return this.#refuse(new PipelineError('SYLSTREAM_ERR_RATE_LIMITED', message), 'set');
    }
    this.#numbers.given();
    this.#stream.control({
      control: 'rate',
      rate,
      ...(fromSample !== undefined && { fromSample }),
    });
    this.#requests.turn(rate, from);
  }

  #flush(id: WireId): void {
    if (this.#flushes.has(id)) return;
    this.#inOrder(() => {
      if (this.#flushes.begin(id, this.#context.now())) {
        this.#numbers.given();
        this.#stream.control({ control: 'flush', id });
      } else {
        const message = 'too many flushes; a live stream may send 6 a second';
        this.#refuse(new PipelineError('SYLSTREAM_ERR_RATE_LIMITED', message), id);
      }
    });
  }

  #end(): void {
    if (this.#intake.isOver) return;
    this.#intake.end();
    this.#stream.end();
  }

  #inOrder(act: () => void): void {
    if (this.#intake.isOver)
      throw new PipelineError('SYLSTREAM_ERR_ORDER', 'nothing may follow end');
    act();
  }

  /** Says a mistake that does not end the session. */
  #refuse(error: PipelineError, ref: WireId): void {
    this.#context.metrics.errors.inc({ code: error.code });
    this.#link?.send(toWireError(error, { fatal: false, ref }));
  }

  #progress(sample: number): void {
    const { now, metrics, onLag } = this.#context;
    this.#encoded = sample;
    this.#intake.processed(Math.floor((sample * this.hello.audio.rate) / SAMPLE_RATE));
    if (this.#onReplayed) return this.#replayed(true); // the past says nothing of the lag
    const lagMs = this.#lag.processed(sample, now());
    metrics.lagSeconds.observe(lagMs / 1000);
    if (this.hello.pace !== 'file') onLag(lagMs);
  }

  #emit(event: SpeechEvent): void {
    if (event.type === 'provisional') return this.#events.provisional(event, this.#link);
    if (event.type === 'unit') {
      this.#units = event.unit.index + 1;
      this.#suspicion.unit(event.unit);
      this.#decided = event.unit.end;
      this.#context.metrics.units.inc({ forced: String(event.unit.forced) });
      this.#events.push(toFinalUnit(event.unit));
      this.#requests.unit(event.unit);
    } else if (event.id !== undefined) {
      this.#lastFlush = event.id;
      this.#flushes.answered(event.id);
      this.#events.push({ t: 'flushed', id: event.id, n: event.sample, i: event.index });
      this.#requests.flushed();
    }
    this.pump();
  }

  #complete(): void {
    this.#requests.finish();
    this.#suspicion.end();
    this.#completed = true;
    this.pump();
  }

  #fail(error: PipelineError): void {
    this.#failure = error;
    this.#context.onFailed(this, error);
  }
}
