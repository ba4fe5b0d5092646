import { randomUUID } from 'node:crypto';
import { PipelineError } from '../../src/core/errors.ts';
import { MAX_MESSAGE_BYTES } from '../../src/protocol/index.ts';
import type { Hello, Ready, WireAudio } from '../../src/protocol/index.ts';
import type { Shortage } from '../admission/admission.ts';
import type { Credential } from '../admission/auth.ts';
import { modelInfo } from './modelInfo.ts';
import { Session } from './session.ts';
import { asOption, checkAudio, checkModel } from './sessionOptions.ts';
import type { SessionContext } from './sessionOptions.ts';
import type { SessionStore } from './sessionStore.ts';
import { openSeal, takeoverBytes, type Origin } from './takeover.ts';

/** What opening a session needs. */
export interface OpenContext extends SessionContext {
  readonly store: SessionStore;
  /** Whether the server stops: no new sessions. */
  readonly isDraining: () => boolean;
  /** When a refused client should come back. */
  readonly retryAfterMs: () => number;
}

/** A session with its answer to the hello. */
export interface Opened {
  readonly session: Session;
  readonly ready: Ready;
  /** The number of the first event that the client lacks. */
  readonly cursor: number;
}

/**
 * Answers a hello with the session that it resumes, or with a new one. Throws `SYLSTREAM_ERR_AUDIO_FORMAT`, `_MODEL`,
 * `_OPTION`, `_RESUME_EXPIRED`, `_DRAINING`, `_CAPACITY`, or `_MALFORMED` for a seal of ours with what no session has.
 */
export function openSession(hello: Hello, credential: Credential, context: OpenContext): Opened {
  checkAudio(hello.audio);
  checkModel(hello, context.streams.bundle);
  const resumed =
    hello.resume && (resume(hello, credential, context) ?? takeOver(hello, credential, context));
  if (resumed !== undefined) return resumed;
  if (hello.resume?.only === true) {
    throw new PipelineError(
      'SYLSTREAM_ERR_RESUME_EXPIRED',
      'no session waits for this token; begin a new one without resume',
    );
  }
  return begin(hello, credential, context);
}

function resume(hello: Hello, credential: Credential, context: OpenContext): Opened | undefined {
  const { store, metrics } = context;
  const { token, after, flush } = hello.resume!;
  const session = store.find(token, credential);
  const cursor = session?.find(after, flush);
  if (session === undefined || cursor === undefined) {
    metrics.resumes.inc({ outcome: session === undefined ? 'unknown' : 'too_far' });
    return undefined;
  }
  mustBeSame(session.hello.audio, hello.audio);
  const shortage = store.revive(session);
  if (shortage !== undefined) throw full(shortage, context);
  session.link?.fail(
    new PipelineError('SYLSTREAM_ERR_SUPERSEDED', 'another connection resumed this session'),
  );
  session.detach();
  metrics.resumes.inc({ outcome: 'resumed' });
  return { session, cursor, ready: readyOf(session, true, context) };
}

function mustBeSame({ fmt, rate, ch }: WireAudio, asked: WireAudio): void {
  if (asked.fmt === fmt && asked.rate === rate && asked.ch === ch) return;
  throw new PipelineError(
    'SYLSTREAM_ERR_OPTION',
    `this session's audio is ${fmt}, ${rate} Hz, ${ch} channels; a resume cannot change it`,
  );
}

/** The session of another gateway, by its seal; undefined where there is none that could go on here. */
function takeOver(hello: Hello, credential: Credential, context: OpenContext): Opened | undefined {
  if (hello.seal === undefined) return undefined;
  const { metrics, replays, now } = context;
  const askedAt = now();
  const taken = openSeal(hello, credential, context);
  if (typeof taken === 'string') {
    metrics.resumes.inc({ outcome: 'foreign' });
    metrics.takeoversRefused.inc({ reason: taken });
    return undefined;
  }
  mustBeSame(taken.sealed.hello.audio, hello.audio);
  if (!replays.take(1)) {
    metrics.takeoversRefused.inc({ reason: 'busy' });
    const message = 'the server takes over as many sessions as it may; come back later';
    throw new PipelineError('SYLSTREAM_ERR_CAPACITY', message);
  }
  let opened: Opened;
  try {
    const { sid, hello: first } = taken.sealed;
    opened = enter(sid, first, { credential, taken }, context);
  } catch (error) {
    replays.giveBack(1);
    throw error;
  }
  opened.session.onReplayed((isDone) => {
    replays.giveBack(1);
    if (isDone) metrics.takeoverSeconds.observe((now() - askedAt) / 1000);
  });
  metrics.resumes.inc({ outcome: 'taken_over' });
  return opened;
}

function begin(hello: Hello, credential: Credential, context: OpenContext): Opened {
  return enter(randomUUID(), hello, { credential }, context);
}

/** Opens a session, where there is a place for it. */
function enter(id: string, hello: Hello, origin: Origin, context: OpenContext): Opened {
  const { store, settings } = context;
  const { credential, taken } = origin;
  if (context.isDraining()) {
    throw new PipelineError('SYLSTREAM_ERR_DRAINING', 'the server stops; come back later');
  }
  const weight = hello.pace === 'file' ? settings.filePace : 1;
  const lease = store.reserve(weight);
  if (typeof lease === 'string') throw full(lease, context);
  try {
    const session = asOption(() => new Session(id, hello, context, origin));
    if (session.failure !== undefined) throw session.failure;
    store.add(session, { credential, weight, lease });
    const ready = readyOf(session, taken !== undefined, context);
    return { session, cursor: 0, ready: { ...ready, ...(taken && { k: taken.sealed.controls }) } };
  } catch (error) {
    lease.release();
    throw error;
  }
}

function full(shortage: Shortage, { metrics }: OpenContext): PipelineError {
  metrics.admissionRejected.inc({ reason: shortage });
  const what = shortage === 'memory' ? 'has no memory for another session' : 'is full';
  return new PipelineError('SYLSTREAM_ERR_CAPACITY', `the server ${what}; come back later`);
}

function readyOf(session: Session, resumed: boolean, context: OpenContext): Ready {
  const { settings, store, streams } = context;
  const { audio, pace, rate = 'natural' } = session.hello;
  return {
    t: 'ready',
    sid: session.id,
    resumed,
    token: store.rotate(session),
    window_ms: settings.resumeWindowMs,
    next: session.next,
    credit: session.credit,
    ...(session.again !== undefined && { again: session.again }),
    ...(session.isSealed && {
      takeover: {
        bytes: takeoverBytes(session.hello, streams.bundle),
        bits: streams.bits ?? '',
      },
    }),
    audio,
    model: modelInfo(streams, rate),
    limits: {
      msg_bytes: MAX_MESSAGE_BYTES,
      ahead_ms: pace === 'file' ? settings.aheadFileMs : settings.aheadLiveMs,
      idle_ms: settings.idleMs,
      session_s: settings.sessionSeconds,
    },
  };
}
