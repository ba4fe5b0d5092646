import { PipelineError } from '../../src/core/errors.ts';
import { MAX_PENDING_TURNS } from '../../src/segments/rateSchedule.ts';
import { bytesPerMoment, toWireError } from '../../src/protocol/index.ts';
import type {
  Audio,
  ClientMessage,
  Gap,
  ContinueRequest,
  Hello,
  WireId,
} from '../../src/protocol/index.ts';
import type { PooledStream } from '../../src/streams/pool/pooledStream.ts';
import type { SpeechEvent } from '../../src/core/types.ts';
import { SAMPLE_RATE } from '../../src/core/time.ts';
import { type Allowance, createAllowance } from '../limits/allowance.ts';
import { type AudioSuspicion, createAudioSuspicion } from './audioSuspicion.ts';
import { Continuations } from './continuations.ts';
import { createEventLog } from './eventLog.ts';
import type { EventLog } from './eventLog.ts';
import { FlushBook } from '../limits/flushBook.ts';
import { createLagMeter, type LagMeter } from '../observe/lagMeter.ts';
import type { Link } from './link.ts';
import { pipelineError } from './pipelineError.ts';
import { checkRate, streamOptions } from './sessionOptions.ts';
import type { SessionContext } from './sessionOptions.ts';
import { toFinalUnit, toProvisional } from './wireEvents.ts';

/** An `ack` goes out at least this often while something changes (the protocol promises 500 ms). */
const ACK_MS = 400;
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
  readonly #momentBytes: number;
  readonly #allowance: Allowance;
  readonly #log: EventLog;
  readonly #lag: LagMeter = createLagMeter();
  readonly #flushes: FlushBook;
  readonly #continuations: Continuations;
  readonly #suspicion: AudioSuspicion;
  #link: Link | undefined;
  /** Number of the next event for the link. */
  #cursor = 0;
  #received = 0;
  #processed = 0;
  #units = 0;
  /** End of the last final unit, at 16 kHz. */
  #decided = 0;
  #ended = false;
  #failure: PipelineError | undefined;
  /** From which samples the dial is turned, as far as that is not decided. */
  #turns: number[] = [];
  #completed = false;
  /** Called instead of `done`, when the server ends the session. */
  #onConcluded: (() => void) | undefined;
  #lastAck = { n: -1, limit: 0, at: -Infinity };

  /** Opens the stream; throws `SYLSTREAM_ERR_OPTION` when the hello asks for what the bundle does not offer. */
  constructor(id: string, hello: Hello, context: SessionContext) {
    this.id = id;
    this.hello = hello;
    this.#context = context;
    this.startedAt = context.now();
    const { settings } = context;
    const file = hello.pace === 'file';
    this.#allowance = createAllowance({
      rate: hello.audio.rate,
      aheadMs: file ? settings.aheadFileMs : settings.aheadLiveMs,
      pace: file ? settings.filePace : settings.livePace,
      start: context.now(),
    });
    this.#momentBytes = bytesPerMoment(hello.audio);
    this.#log = createEventLog(settings.eventLog);
    this.#flushes = new FlushBook(file ? settings.filePace : settings.livePace, context.now());
    this.#suspicion = createAudioSuspicion(hello.audio, (warning) => this.#refuse(warning, 'a'));
    this.#continuations = new Continuations({
      lm: context.streams.lm,
      rate: hello.rate ?? 'natural',
      settings,
      metrics: context.metrics,
      hypotheses: context.hypotheses,
      now: context.now,
      link: () => this.#link,
      past: () => this.#log.units(),
      refuse: (error, ref) => this.#refuse(error, ref),
    });
    if (hello.want?.continuation === true) this.#continuations.prepare();
    const { format, options } = streamOptions(hello, context);
    this.#stream = context.streams.open(format, options, {
      event: (event) => this.#emit(event),
      progress: (sample) => this.#progress(sample),
      completed: () => this.#complete(),
      failed: (error) => this.#fail(pipelineError(error)),
    });
  }

  /** The sample that is expected next, at the declared rate. */
  get received(): number {
    return this.#received;
  }

  /** Samples that may be sent from `received` on. */
  get credit(): number {
    return this.#grant().credit;
  }

  /** What ended the pipeline, if it failed. */
  get failure(): PipelineError | undefined {
    return this.#failure;
  }

  /** Seconds of audio that are here and not decided. */
  get undecidedSeconds(): number {
    return Math.max(0, this.#received / this.hello.audio.rate - this.#decided / SAMPLE_RATE);
  }

  /** The link that `attach` set. */
  get link(): Link | undefined {
    return this.#link;
  }

  /** The number of the first event that a client lacks, or undefined when the log no longer has it. */
  find(after: number, flush?: WireId): number | undefined {
    return this.#log.find(after, flush);
  }

  /** Gives the session a client; events go out from number `cursor` on. */
  attach(link: Link, cursor: number): void {
    this.#link = link;
    this.#cursor = cursor;
    this.#lastAck = { n: -1, limit: 0, at: -Infinity };
    this.pump();
  }

  /** Takes the client away; the session goes on with what it has. */
  detach(): void {
    this.#continuations.drop();
    this.#link = undefined;
  }

  /** Keeps only what going on needs, as soon as all that is here is done; what comes next wakes it. */
  rest(): void {
    this.#continuations.rest();
    this.#stream.rest();
  }

  /** Bytes that it keeps while it rests; undefined while it does not. */
  get restingBytes(): number | undefined {
    const bytes = this.#stream.restingBytes;
    return bytes === undefined ? undefined : bytes + this.#log.bytes + OBJECT_BYTES;
  }

  /** Takes a client's message; throws a `PipelineError` that is fatal for the connection. */
  receive(message: ClientMessage): void {
    switch (message.t) {
      case 'a':
        return this.#audio(message);
      case 'gap':
        return this.#gap(message);
      case 'set':
        return this.#inOrder(() => this.#set(message.rate, message.from));
      case 'flush':
        return this.#flush(message.id);
      case 'gen':
        return this.#ask(message);
      case 'cancel':
        return this.#continuations.cancel(message.id);
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
    if (this.#cursor < this.#log.start) {
      return link.fail(
        new PipelineError('SYLSTREAM_ERR_SLOW_READER', 'events were not read in time'),
      );
    }
    while (this.#link === link && this.#cursor < this.#log.end && link.hasRoom()) {
      link.send(this.#log.at(this.#cursor++));
    }
    if (this.#link !== link || !this.#completed || this.#cursor < this.#log.end) return;
    if (this.#onConcluded !== undefined) {
      link.send({ t: 'ack', n: this.#received, credit: 0, lag_ms: this.#lag.latestMs });
      return this.#onConcluded();
    }
    const lag_p99_ms = this.#lag.quantile(0.99);
    link.send({ t: 'done', units: this.#units, samples: this.#received, lag_p99_ms });
    link.finish();
  }

  /**
   * Ends the session for the server’s own reasons: takes no more audio, decides all that is here, sends it with a last
   * `ack`, then calls back. A session whose client has said `end` comes to its `done` by itself.
   */
  conclude(onConcluded: () => void): void {
    if (this.#ended) return;
    this.#onConcluded = onConcluded;
    this.#end();
  }

  /** Sends an `ack` when one is due. */
  tick(now: number): void {
    const link = this.#link;
    if (link === undefined || this.#completed || this.#onConcluded !== undefined) return;
    const { limit, credit } = this.#grant();
    const { n, limit: known, at } = this.#lastAck;
    if (n === this.#received && known === limit) return;
    const starving = limit > known && known - this.#received < credit / 2;
    if (!starving && now - at < ACK_MS) return;
    this.#lastAck = { n: this.#received, limit, at: now };
    link.send({ t: 'ack', n: this.#received, credit, lag_ms: this.#lag.latestMs });
  }

  /** Ends the pipeline and gives back what it holds. */
  release(): void {
    this.#link = undefined;
    this.#continuations.release();
    this.#stream.release();
  }

  #grant(): { readonly limit: number; readonly credit: number } {
    const limit = this.#allowance.limit(this.#processed, this.#context.now());
    return { limit, credit: Math.max(0, limit - this.#received) };
  }

  #audio({ n, d }: Audio): void {
    const { audio } = this.hello;
    const size = this.#momentBytes;
    if (d.byteLength % size !== 0) {
      throw new PipelineError(
        'SYLSTREAM_ERR_AUDIO_BYTES',
        `a.d must hold whole moments of ${size} bytes (${audio.ch} × ${audio.fmt}), got ${d.byteLength}`,
      );
    }
    const skip = this.#overlap(n, d.byteLength / size);
    if (skip === undefined) return;
    this.#count(d.byteLength / size - skip);
    const bytes = d.subarray(skip * size);
    this.#suspicion.audio(bytes);
    this.#stream.audio(bytes);
  }

  #gap({ n, len }: Gap): void {
    const skip = this.#overlap(n, len);
    if (skip === undefined) return;
    this.#count(len - skip);
    this.#stream.silence(len - skip);
  }

  /** How many of the moments are here already; undefined when all are. Throws for holes and for more than the credit. */
  #overlap(n: number, length: number): number | undefined {
    if (n > this.#received) {
      throw new PipelineError(
        'SYLSTREAM_ERR_AUDIO_GAP',
        `expected sample ${this.#received}, got ${n}; declare what is missing with gap, or resume`,
      );
    }
    const end = n + length;
    if (end <= this.#received) return undefined;
    if (this.#ended) throw new PipelineError('SYLSTREAM_ERR_ORDER', 'audio after end');
    const { limit } = this.#grant();
    if (end > limit) {
      throw new PipelineError(
        'SYLSTREAM_ERR_OVERRUN',
        `credit ends at sample ${limit}, got audio up to ${end}; wait for ack`,
      );
    }
    return this.#received - n;
  }

  #count(moments: number): void {
    const { now, metrics } = this.#context;
    const { rate } = this.hello.audio;
    this.#received += moments;
    this.#lag.arrived(Math.floor((this.#received * SAMPLE_RATE) / rate), now());
    metrics.traffic.audioSeconds += moments / rate;
  }

  #set(rate: 'natural' | number, fromSample?: number): void {
    try {
      checkRate(this.#context.streams.bundle, rate);
    } catch (error) {
      return this.#refuse(pipelineError(error, 'SYLSTREAM_ERR_OPTION'), 'set');
    }
    const here = Math.floor((this.#received * SAMPLE_RATE) / this.hello.audio.rate);
    const from = fromSample ?? here;
    this.#turns = this.#turns.filter((turn) => turn > this.#decided && turn < from);
    if (this.#turns.length >= MAX_PENDING_TURNS) {
      const message = `at most ${MAX_PENDING_TURNS} turns of the dial may lie ahead of what is decided`;
      return this.#refuse(new PipelineError('SYLSTREAM_ERR_RATE_LIMITED', message), 'set');
    }
    this.#turns.push(from);
    this.#stream.control({
      control: 'rate',
      rate,
      ...(fromSample !== undefined && { fromSample }),
    });
    this.#continuations.turn(rate, from);
  }

  #ask(gen: ContinueRequest): void {
    this.#inOrder(() => {
      try {
        this.#continuations.ask(gen);
      } catch (error) {
        this.#refuse(pipelineError(error), gen.id);
      }
    });
  }

  #flush(id: WireId): void {
    if (this.#flushes.has(id)) return;
    this.#inOrder(() => {
      if (this.#flushes.begin(id, this.#context.now())) {
        this.#stream.control({ control: 'flush', id });
      } else {
        const message = 'too many flushes; a live stream may send 6 a second';
        this.#refuse(new PipelineError('SYLSTREAM_ERR_RATE_LIMITED', message), id);
      }
    });
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream.end();
  }

  #inOrder(act: () => void): void {
    if (this.#ended) throw new PipelineError('SYLSTREAM_ERR_ORDER', 'nothing may follow end');
    act();
  }

  /** Says a mistake that does not end the session. */
  #refuse(error: PipelineError, ref: WireId): void {
    this.#context.metrics.errors.inc({ code: error.code });
    this.#link?.send(toWireError(error, { fatal: false, ref }));
  }

  #progress(sample: number): void {
    const { now, metrics, onLag } = this.#context;
    const lagMs = this.#lag.processed(sample, now());
    metrics.lagSeconds.observe(lagMs / 1000);
    if (this.hello.pace !== 'file') onLag(lagMs);
    const moments = Math.floor((sample * this.hello.audio.rate) / SAMPLE_RATE);
    this.#processed = Math.min(this.#received, Math.max(this.#processed, moments));
  }

  #emit(event: SpeechEvent): void {
    if (event.type === 'provisional') {
      const link = this.#link;
      if (link?.hasRoom() && this.#cursor === this.#log.end) link.send(toProvisional(event));
      return;
    }
    if (event.type === 'unit') {
      this.#units = event.unit.index + 1;
      this.#suspicion.unit(event.unit);
      this.#decided = event.unit.end;
      this.#context.metrics.units.inc({ forced: String(event.unit.forced) });
      this.#log.push(toFinalUnit(event.unit));
      this.#continuations.unit(event.unit);
    } else if (event.id !== undefined) {
      this.#log.push({ t: 'flushed', id: event.id, n: event.sample, i: event.index });
      this.#continuations.flushed();
    }
    this.pump();
  }

  #complete(): void {
    this.#continuations.closeAll('cancelled');
    this.#suspicion.end();
    this.#completed = true;
    this.pump();
  }

  #fail(error: PipelineError): void {
    this.#failure = error;
    this.#context.onFailed(this, error);
  }
}
