import type { Ack } from '../../src/protocol/index.ts';
import type { Snapshot } from '../../src/streams/pool/shardMessages.ts';
import { replayPlace } from '../../src/streams/pool/replayPlace.ts';
import type { ControlNumbers } from './controlNumbers.ts';
import { encodeSession, MAX_SEAL_BYTES, type SealedSession } from './sealedSession.ts';
import type { Sealer } from './sealer.ts';

/** A session gets a seal at most this often. */
const SEAL_MS = 1000;
/** One that stands still gets another so many times in the time that a seal is good for. */
const SEALS_A_WINDOW = 3;

/** Options of `createSeals()`. */
export interface SealsOptions {
  readonly sealer: Sealer;
  readonly credential: string;
  readonly sampleRate: number;
  /** Milliseconds that a seal is good for. */
  readonly windowMs: number;
  readonly numbers: ControlNumbers;
  /** Asks the stream for a snapshot. */
  readonly ask: () => void;
  /** The rest of what is sealed, now. */
  readonly session: () => Omit<SealedSession, 'state' | 'controls' | 'sealedAt'>;
}

/** The seals of one session. */
export interface Seals {
  /** Asks for the next one when it is due, all audio up to a sample being encoded. */
  tick(now: number, sample: number): void;
  /** What an `ack` says of a snapshot that has this audio behind it; nothing where it would be too long. */
  of(snapshot: Snapshot, sample: number): Required<Pick<Ack, 'seal' | 'keep' | 'k'>> | undefined;
}

/** Makes the seals of a session. */
export function createSeals(options: SealsOptions): Seals {
  const { sealer, credential, sampleRate, windowMs, numbers, ask, session } = options;
  const againMs = Math.max(SEAL_MS, windowMs / SEALS_A_WINDOW);
  let askedAt = -Infinity;
  /** What the newest has behind it. */
  let sealed = -1;
  return {
    tick(now, sample) {
      if (now - askedAt < (sample === sealed ? againMs : SEAL_MS)) return;
      askedAt = now;
      ask();
    },
    of({ state, from, controls }, sample) {
      const k = numbers.firstAfter(controls);
      const content = encodeSession({ ...session(), sealedAt: Date.now(), controls: k, state });
      const seal = sealer.seal(content, credential);
      sealed = sample;
      if (seal.length > MAX_SEAL_BYTES) return undefined;
      return { seal, keep: replayPlace(from, sampleRate).moment, k };
    },
  };
}
