import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import { PipelineError } from '../src/core/errors.ts';
import { disposition, validateClientMessage } from '../src/protocol/index.ts';
import type { ClientMessage, Codec, Hello, ServerMessage } from '../src/protocol/index.ts';
import type { Credential } from './admission/auth.ts';
import type { Client } from './address/clientAddress.ts';
import type { Link } from './session/link.ts';
import { loggable } from './observe/loggable.ts';
import { openSession } from './session/openSession.ts';
import type { OpenContext } from './session/openSession.ts';
import type { Session } from './session/session.ts';
import { pipelineError } from './session/pipelineError.ts';
import { createSocket } from './socket.ts';
import type { Socket } from './socket.ts';

/** What a connection needs from its server. */
export interface ConnectionContext extends OpenContext {
  readonly log: Logger;
  /** Called once, when the socket is gone. */
  readonly onClosed: (connection: Connection) => void;
  /** Called when the hello was accepted. */
  readonly onReady: (connection: Connection) => void;
  /** Called when it is refused before a session; says whether the log is to tell of it. */
  readonly onRefused: (connection: Connection, error: PipelineError) => boolean;
}

/** The other end of a connection. */
export interface ConnectionParty {
  readonly codec: Codec;
  readonly client: Client;
  readonly credential: Credential;
}

/** A refused client has so long to read why and to close. */
const REFUSED_MS = 1000;

/** One socket's life: hello → session → close. The session may outlive it. */
export class Connection implements Link {
  readonly #context: ConnectionContext;
  readonly #codec: Codec;
  readonly #credential: Credential;
  readonly #socket: Socket;
  readonly #openedAt: number;
  #log: Logger;
  #session: Session | undefined;
  #isClosing = false;
  #isFinished = false;
  #isConfirmed = false;
  #lastPingAt: number;
  #goneAway = false;
  /** When the server has begun to end the session: until when it may be deciding, and what is said then. */
  #conclusion: { readonly until: number; readonly fail: () => void } | undefined;
  #refusedAt: number | undefined;

  constructor(
    ws: WebSocket,
    { codec, client, credential }: ConnectionParty,
    context: ConnectionContext,
  ) {
    this.ws = ws;
    this.#context = context;
    this.#codec = codec;
    this.#credential = credential;
    const { address, peer } = client;
    this.#log = context.log.child({
      connection: randomUUID().slice(0, 8),
      address,
      ...(peer !== address && { proxy: peer }),
    });
    this.#openedAt = context.now();
    this.#lastPingAt = this.#openedAt;
    this.#socket = createSocket(ws, context.now, {
      codec,
      settings: context.settings,
      metrics: context.metrics,
      onMessage: (data) => this.#receive(data),
      onDrained: () => this.#session?.pump(),
      onOverfull: () => this.fail(slowReader('the client does not read what is sent to it')),
    });
    ws.on('close', (code) => this.#closed(code));
    ws.on('error', (error) => this.#log.debug({ err: error.message }, 'socket error'));
  }

  /** The socket that it was made from. */
  readonly ws: WebSocket;

  /** The session, once the hello was accepted. */
  get session(): Session | undefined {
    return this.#session;
  }

  send(message: ServerMessage): void {
    this.#socket.send(message);
  }

  hasRoom(): boolean {
    return this.#socket.hasRoom();
  }

  finish(): void {
    this.#isClosing = true;
    this.#isFinished = true;
    this.#socket.close(1000);
  }

  fail(error: PipelineError, retryAfterMs?: number): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const session = this.#session;
    if (session !== undefined && error.code !== 'SYLSTREAM_ERR_SUPERSEDED') {
      if (canResume(error, session)) this.#context.store.park(session);
      else this.#context.store.remove(session);
    }
    this.#session = undefined;
    if (session === undefined) this.#refuse(error);
    this.#logFailure(error, session);
    this.#socket.refuse(error, {
      fatal: true,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }

  /**
   * Ends the session for the server’s own reasons: what was acknowledged is decided and sent before the error, unless
   * that takes longer than a closing handshake may.
   */
  conclude(error: PipelineError, retryAfterMs?: number): void {
    if (this.#isClosing || this.#conclusion !== undefined) return;
    const fail = (): void => this.fail(error, retryAfterMs);
    if (this.#session === undefined) return fail();
    const { now, settings } = this.#context;
    this.#conclusion = { until: now() + settings.closeTimeoutMs, fail };
    this.#session.conclude(fail);
  }

  /** Announces that the server stops. */
  goAway(deadlineMs: number, reason: 'drain' | 'session_limit'): void {
    if (this.#session === undefined) return;
    const elsewhere = reason === 'drain' && this.#session.isSealed;
    this.send({
      t: 'goaway',
      deadline_ms: deadlineMs,
      reason,
      ...(elsewhere && { elsewhere }),
    });
  }

  /** Cuts the socket without a word. */
  terminate(): void {
    this.#socket.terminate();
  }

  /** Ten times a second: deadlines, pings, acknowledgements. */
  tick(now: number): void {
    this.#socket.refill();
    if (this.#refusedAt !== undefined && now - this.#refusedAt > REFUSED_MS) this.terminate();
    if (this.#isClosing) return;
    const { helloTimeoutMs, idleMs, pingMs } = this.#context.settings;
    if (this.#conclusion !== undefined) {
      if (now > this.#conclusion.until) this.#conclusion.fail();
      return;
    }
    if (this.#session === undefined) {
      if (now - this.#openedAt > helloTimeoutMs) {
        this.fail(error('HELLO_TIMEOUT', `expected a hello within ${helloTimeoutMs} ms`));
      }
      return;
    }
    if (now - this.#socket.lastHeardAt > idleMs) {
      return this.fail(error('IDLE', `no whole message and no pong for ${idleMs} ms`));
    }
    const { unansweredSince } = this.#socket;
    if (unansweredSince !== undefined && now - unansweredSince > idleMs) {
      return this.fail(slowReader(`no answer to a ping for ${idleMs} ms`));
    }
    if (now - this.#lastPingAt >= pingMs) {
      this.#lastPingAt = now;
      this.#socket.ping(now);
    }
    this.#checkAge(now);
    this.#session?.tick(now);
  }

  /** Before a session: a flood of these must fill neither the log nor the memory. */
  #refuse(error: PipelineError): void {
    this.#refusedAt = this.#context.now();
    if (!this.#context.onRefused(this, error)) this.#log = this.#log.child({}, { level: 'silent' });
  }

  #checkAge(now: number): void {
    const { sessionSeconds, goawayMs } = this.#context.settings;
    const left = this.#session!.startedAt + sessionSeconds * 1000 - now;
    if (left <= 0) {
      this.conclude(error('SESSION_LIMIT', `a session lasts at most ${sessionSeconds} s`));
    } else if (left <= goawayMs && !this.#goneAway) {
      this.#goneAway = true;
      this.goAway(Math.ceil(left), 'session_limit');
    }
  }

  #receive(data: Uint8Array | string): void {
    if (this.#isClosing || this.#conclusion !== undefined) return;
    try {
      const message = validateClientMessage(this.#codec.decode(data));
      if (this.#session === undefined) this.#hello(message);
      else this.#pass(message, this.#session);
    } catch (cause) {
      this.#mistake(pipelineError(cause));
    }
  }

  #pass(message: ClientMessage, session: Session): void {
    if (!this.#isConfirmed) this.#context.store.confirm(session);
    this.#isConfirmed = true;
    session.receive(message);
  }

  #hello(message: ClientMessage): void {
    if (message.t !== 'hello') {
      throw error('ORDER', `expected hello as the first message, got ${message.t}`);
    }
    const { session, ready, cursor } = openSession(message, this.#credential, this.#context);
    this.#session = session;
    this.#log = this.#log.child({ sid: session.id });
    this.#log.info({ ...summary(message), resumed: ready.resumed }, 'session');
    this.#context.onReady(this);
    this.send(ready);
    session.attach(this, cursor);
  }

  #mistake(mistake: PipelineError): void {
    if (mistake.code === 'SYLSTREAM_ERR_UNKNOWN_TYPE') {
      if (this.#session !== undefined) return this.#socket.refuse(mistake, { fatal: false });
      mistake = error('ORDER', 'expected hello as the first message');
    }
    const { retryAfterMs } = this.#context;
    const busy =
      mistake.code === 'SYLSTREAM_ERR_CAPACITY' || mistake.code === 'SYLSTREAM_ERR_DRAINING';
    this.fail(mistake, busy ? retryAfterMs() : undefined);
  }

  /** Says what became of the client and of its session, and how ours happened. */
  #logFailure(error: PipelineError, session: Session | undefined): void {
    const { code, message: reason } = error;
    const { wire, close, words } = disposition(code);
    const fields = { code, wire, close, ...(words ? { reason } : { error: loggable(error) }) };
    if (!words) return this.#log.error(fields, session ? 'session failed' : 'failed');
    if (session === undefined) return this.#log.info(fields, 'refused');
    if (canResume(error, session)) return this.#log.info(fields, 'session waits for its client');
    if (code === 'SYLSTREAM_ERR_SUPERSEDED') return this.#log.info(fields, 'session taken over');
    const { undecidedSeconds } = session;
    this.#log.info({ ...fields, undecidedSeconds }, 'session ended');
  }

  #closed(code: number): void {
    const { store, metrics, onClosed } = this.#context;
    metrics.closes.inc({ code: String(code) });
    const session = this.#session;
    this.#session = undefined;
    this.#isClosing = true;
    let became: string | undefined;
    if (session !== undefined) {
      const isDone = this.#isFinished && code !== 1006;
      const isOver =
        isDone || this.#conclusion !== undefined || (!this.#isFinished && isLeaving(code));
      became = isDone ? 'done' : isOver ? 'left' : 'waits';
      if (isOver) store.remove(session);
      else store.park(session);
    }
    this.#log.info({ close: code, ...(became !== undefined && { session: became }) }, 'closed');
    onClosed(this);
  }
}

/** Whether the session is whole after an error of its connection; one whose pipeline failed never is. */
function canResume({ code }: PipelineError, session: Session): boolean {
  return disposition(code).resumable && session.failure === undefined;
}

/** Whether a close code says that the client does not come back: RFC 6455, 7.4; 1005 stands for none. */
function isLeaving(code: number): boolean {
  return code === 1000 || code === 1005;
}

/** What the log says of a hello: no tokens. */
function summary({ audio, pace = 'live', client }: Hello): object {
  return { audio, pace, client };
}

function slowReader(message: string): PipelineError {
  return error('SLOW_READER', message);
}

function error(
  code: 'HELLO_TIMEOUT' | 'IDLE' | 'SLOW_READER' | 'SESSION_LIMIT' | 'ORDER',
  message: string,
): PipelineError {
  return new PipelineError(`SYLSTREAM_ERR_${code}`, message);
}
