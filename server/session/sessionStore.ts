import { createHash, randomBytes } from 'node:crypto';
import type { Admission, Lease, Shortage } from '../admission/admission.ts';
import type { Credential } from '../admission/auth.ts';
import type { Session } from './session.ts';

/** Keeps sessions by their resume tokens; the live hold a place, the parked wait for their client. */
export interface SessionStore {
  readonly live: number;
  readonly parked: number;
  /** Takes a place for a new session, or says what is short. */
  reserve(weight: number): Lease | Shortage;
  /** Notes a new, live session. */
  add(session: Session, owner: StoredOwner): void;
  /** Makes the token for the next resume; the one before stays good until `confirm`. */
  rotate(session: Session): string;
  /** Voids all tokens but the newest: the client has it. */
  confirm(session: Session): void;
  /** The session of a token, if the credential is the one that made it. */
  find(token: string, credential: Credential): Session | undefined;
  /** Takes a place for a parked session, or says what is short. A live one keeps its own. */
  revive(session: Session): Shortage | undefined;
  /** Gives back the place and lets the session wait; the oldest waiting one goes where there are too many. */
  park(session: Session): void;
  /** Forgets a session and releases it. */
  remove(session: Session): void;
  /** Removes what has waited too long, or keeps too many bytes. */
  expire(now: number): void;
  /** Every session. */
  all(): Iterable<Session>;
  /** Those that wait for their client. */
  waiting(): Iterable<Session>;
}

/** Who a session belongs to and what it counts for. */
export interface StoredOwner {
  readonly credential: Credential;
  readonly weight: number;
  readonly lease: Lease;
}

/** Options of `createSessionStore()`. */
export interface SessionStoreOptions {
  readonly admission: Admission;
  readonly parkedMax: number;
  /** Bytes that those that wait keep beyond what they may. */
  readonly excessBytes: () => number;
  readonly windowMs: number;
  readonly now: () => number;
}

interface Entry {
  readonly owner: StoredOwner;
  lease: Lease | undefined;
  tokens: readonly string[];
}

/** Makes an empty store. */
export function createSessionStore(options: SessionStoreOptions): SessionStore {
  const { admission, parkedMax, excessBytes, windowMs, now } = options;
  const entries = new Map<Session, Entry>();
  const byToken = new Map<string, Session>();
  /** Since when they wait, oldest first. */
  const parkedAt = new Map<Session, number>();

  function remove(session: Session): void {
    const entry = entries.get(session);
    if (entry === undefined) return;
    entry.tokens.forEach((token) => byToken.delete(token));
    entry.lease?.release();
    entries.delete(session);
    parkedAt.delete(session);
    session.release();
  }

  /** The sum over all that wait is made once, however many have to go. */
  function makeRoom(tooManyBytes: number): void {
    let excess = tooManyBytes;
    for (const oldest of parkedAt.keys()) {
      if (parkedAt.size <= parkedMax && excess <= 0) break;
      excess -= oldest.restingBytes ?? 0;
      remove(oldest);
    }
  }

  return {
    get live() {
      return entries.size - parkedAt.size;
    },
    get parked() {
      return parkedAt.size;
    },
    reserve: (weight) => admission.take(weight, true),
    add(session, owner) {
      entries.set(session, { owner, lease: owner.lease, tokens: [] });
    },
    rotate(session) {
      const token = randomBytes(24).toString('base64url');
      const entry = entries.get(session)!;
      const key = keyOf(token);
      entry.tokens = [...entry.tokens, key];
      byToken.set(key, session);
      return token;
    },
    confirm(session) {
      const entry = entries.get(session);
      if (entry === undefined || entry.tokens.length < 2) return;
      entry.tokens.slice(0, -1).forEach((token) => byToken.delete(token));
      entry.tokens = entry.tokens.slice(-1);
    },
    find(token, credential) {
      const session = byToken.get(keyOf(token));
      const owner = session && entries.get(session)?.owner;
      return owner?.credential.id === credential.id ? session : undefined;
    },
    revive(session) {
      const entry = entries.get(session)!;
      const lease = entry.lease ?? admission.take(entry.owner.weight, false);
      if (typeof lease === 'string') return lease;
      entry.lease = lease;
      parkedAt.delete(session);
      return undefined;
    },
    park(session) {
      const entry = entries.get(session);
      if (entry === undefined) return;
      session.detach();
      session.rest();
      entry.lease?.release();
      entry.lease = undefined;
      parkedAt.set(session, now());
      makeRoom(0); // it has not come to rest yet; bytes are looked at with `expire`
    },
    remove,
    expire(at) {
      for (const [session, since] of parkedAt) {
        if (at - since < windowMs) break; // oldest first: a Map keeps its order
        remove(session);
      }
      makeRoom(excessBytes());
    },
    all: () => entries.keys(),
    waiting: () => parkedAt.keys(),
  };
}

/** Tokens are kept as hashes, so that looking one up tells nothing by its time. */
function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
