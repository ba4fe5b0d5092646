import type { PipelineError } from '../../src/core/errors.ts';
import type { Hello, WireId } from '../../src/protocol/index.ts';
import { FlushBook } from '../limits/flushBook.ts';
import { createAudioSuspicion, type AudioSuspicion } from './audioSuspicion.ts';
import { Continuations } from './continuations.ts';
import { createControlNumbers, type ControlNumbers } from './controlNumbers.ts';
import { createEventLog } from './eventLog.ts';
import { EventOutlet } from './eventOutlet.ts';
import { Intake } from './intake.ts';
import { createKnownEvents } from './known.ts';
import type { Link } from './link.ts';
import { Requests } from './requests.ts';
import { Speeches } from './speeches.ts';
import { createPendingTurns, type PendingTurns } from './pendingTurns.ts';
import type { SessionContext } from './sessionOptions.ts';
import type { TakenSession } from './takeover.ts';

/** What a session is made of, beside its stream. */
export interface SessionParts {
  readonly intake: Intake;
  readonly events: EventOutlet;
  readonly flushes: FlushBook;
  readonly suspicion: AudioSuspicion;
  readonly requests: Requests;
  readonly numbers: ControlNumbers;
  readonly turns: PendingTurns;
}

/** What the parts need of their session. */
export interface SessionHooks {
  /** Its client while there is one. */
  readonly link: () => Link | undefined;
  /** Says a mistake that does not end the session. */
  readonly refuse: (error: PipelineError, ref: WireId) => void;
}

/** Makes the parts of a new session, or of one that was taken over. */
export function createSessionParts(
  hello: Hello,
  context: SessionContext,
  taken: TakenSession | undefined,
  hooks: SessionHooks,
): SessionParts {
  const { settings, now } = context;
  const sealed = taken?.sealed;
  const file = hello.pace === 'file';
  const pace = file ? settings.filePace : settings.livePace;
  const log = createEventLog(settings.eventLog, sealed?.units);
  const { streams, metrics } = context;
  const continuations = new Continuations({
    lm: streams.lm,
    rate: hello.rate ?? 'natural',
    ...sealed?.dial,
    ...(sealed && { last: sealed.units - 1 }),
    settings,
    metrics,
    hypotheses: context.hypotheses,
    now,
    link: hooks.link,
    past: () => [...(taken?.units ?? []), ...log.units()],
    refuse: hooks.refuse,
  });
  const speeches = new Speeches({
    speaker: streams.speaker,
    bundle: streams.bundle,
    settings,
    metrics,
    places: context.speeches,
    now,
    link: hooks.link,
    predict: (gen, hearer) => continuations.ask(gen, hearer),
    refuse: hooks.refuse,
  });
  return {
    intake: new Intake({
      audio: hello.audio,
      aheadMs: file ? settings.aheadFileMs : settings.aheadLiveMs,
      pace,
      now,
      past: taken?.past ?? { from: 0, until: 0 },
    }),
    events: new EventOutlet(log, taken && createKnownEvents(taken.after, taken.flush)),
    flushes: new FlushBook(pace, now(), sealed?.flushes),
    suspicion: createAudioSuspicion(hello.audio, (warning) => hooks.refuse(warning, 'a'), sealed),
    requests: new Requests({ continuations, speeches, refuse: hooks.refuse }),
    numbers: createControlNumbers(sealed?.controls, taken?.stream.controls),
    turns: createPendingTurns(sealed?.turns),
  };
}
