import { PipelineError } from '../../src/core/errors.ts';
import { SAMPLE_RATE, toSeconds, samplesForTokens } from '../../src/core/time.ts';
import type { Bundle } from '../../src/models/bundle/bundle.ts';
import { bytesPerMoment } from '../../src/protocol/index.ts';
import type { Hello, WireId } from '../../src/protocol/index.ts';
import { DEFAULT_MAX_DELAY_MS } from '../../src/segments/segmenter.ts';
import { MAX_UNDECIDED_TOKENS } from '../../src/segments/deadline.ts';
import type { ImportedStream } from '../../src/streams/pool/pooledStream.ts';
import { readImported } from '../../src/streams/pool/readImported.ts';
import { replayPlace } from '../../src/streams/pool/replayPlace.ts';
import type { Credential } from '../admission/auth.ts';
import type { KnownUnit } from './knownUnit.ts';
import { decodeSession, type SealedSession } from './sealedSession.ts';
import { checkAudio, streamOptions, type SessionContext } from './sessionOptions.ts';

/** A session of another gateway, as far as it is known here. */
export interface TakenSession {
  readonly sealed: SealedSession;
  readonly stream: ImportedStream;
  /** The audio that comes again: from the first moment up to the second, at the declared rate. */
  readonly past: { readonly from: number; readonly until: number };
  /** The last unit that the client has, and the last answer to a flush. */
  readonly after: number;
  readonly flush: WireId | undefined;
  /** Units before those that come again, for the language model. */
  readonly units: readonly KnownUnit[];
}

/** Whose a session is, and where it begins: at 0, or where another gateway's seal says. */
export interface Origin {
  readonly credential: Credential;
  readonly taken?: TakenSession | undefined;
}

/** Why a session is not taken over: its seal does not open here, it or its seal is too old, or the seal is newer than what the client has. */
export type NotTaken = 'foreign' | 'expired' | 'behind';

/** Clocks of gateways may differ by so much. */
const CLOCK_MS = 60_000;
/** Beside the field: a seal a second, a whole second to begin with, steps under way. */
const MARGIN_SECONDS = 4;

/** Whether the client of a hello gets seals: it asked, keys are set, and it need not keep more than is allowed. */
export function offersTakeover(
  hello: Hello,
  { sealer, settings, streams }: SessionContext,
): boolean {
  const bytes = takeoverBytes(hello, streams.bundle);
  return hello.want?.takeover === true && sealer !== undefined && bytes <= settings.takeoverBytes;
}

/** Bytes of audio that a client has to keep at most, so that its session can be taken over. */
export function takeoverBytes(hello: Hello, { config }: Bundle): number {
  const { layers, windowTokens, chunkTokens, delayTokens } = config.encoder;
  const { max_delay_ms: delayMs = DEFAULT_MAX_DELAY_MS, audio } = hello;
  const undecided = Math.min(MAX_UNDECIDED_TOKENS, delayMs / 20) + config.boundaries.maxTokens;
  const tokens = layers * windowTokens + 4 * chunkTokens + delayTokens + Math.ceil(undecided);
  const seconds = toSeconds(samplesForTokens(tokens)) + MARGIN_SECONDS;
  return Math.ceil(seconds * audio.rate) * bytesPerMoment(audio);
}

/**
 * Opens the seal of a hello that was made for this credential, with one of our keys, here or at a gateway that gives the same
 * bits. Says why where it is not, where it is older than a session waits, and where the client lacks units.
 *
 * Throws `SYLSTREAM_ERR_MALFORMED` for a seal of ours that holds what no session has.
 */
export function openSeal(
  hello: Hello,
  credential: Credential,
  context: SessionContext,
): TakenSession | NotTaken {
  const { sealer, settings, streams } = context;
  const { seal, resume } = hello;
  const content = seal && sealer?.open(seal, credential.id);
  if (!content || !resume) return 'foreign';
  const sealed = decodeSession(content);
  const age = Date.now() - sealed.sealedAt;
  if (age > settings.resumeWindowMs || age < -CLOCK_MS) return 'expired';
  // It would be ended at once, and come again with the same seal.
  if (Date.now() - sealed.startedAt > 1000 * settings.sessionSeconds) return 'expired';
  if (resume.after < sealed.units - 1) return 'behind';
  checkAudio(sealed.hello.audio);
  const stream = asSealed(() => {
    const { options } = streamOptions(sealed.hello, context);
    return readImported(streams.bundle.config, options, sealed.state);
  });
  const { rate } = sealed.hello.audio;
  const from = replayPlace(stream.from, rate).moment;
  const until = Math.max(from, Math.floor((stream.sample * rate) / SAMPLE_RATE));
  const { after, flush } = resume;
  return {
    sealed,
    stream,
    past: { from, until },
    after,
    flush: flush === sealed.lastFlush ? undefined : flush,
    units: pastUnits(hello, after + 1 - sealed.units, streams.bundle),
  };
}

/** What the client says of its last units, without those that come again. */
function pastUnits({ past = [] }: Hello, again: number, { config }: Bundle): KnownUnit[] {
  const units = past.map(([id, start, end]) => ({ id, start, end }));
  const isOne = units.every(
    ({ id, start, end }, i) =>
      id <= config.units.merged && start < end && start >= (units[i - 1]?.end ?? 0),
  );
  if (!isOne) throw new PipelineError('SYLSTREAM_ERR_MALFORMED', 'hello.past is no run of units');
  return units.slice(0, Math.max(0, units.length - again));
}

function asSealed<T>(act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const message = 'the seal holds what no session has';
    throw new PipelineError('SYLSTREAM_ERR_MALFORMED', message, { cause });
  }
}
