import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Who a connection belongs to. Sessions are bound to it. */
export interface Credential {
  /** Stable for a token, and no secret: the first 16 hex digits of its hash; or `anonymous`. */
  readonly id: string;
}

/** Options of `createAuthenticator()`. */
export interface AuthOptions {
  /** SHA-256 of bearer tokens, hexadecimal. None: everyone is anonymous. */
  readonly hashes: readonly string[];
  readonly ticketTtlMs: number;
  /** Milliseconds, monotone. */
  readonly now: () => number;
}

/** Decides who may connect. */
export interface Authenticator {
  /** Whether a credential is needed at all. */
  readonly required: boolean;
  /** The credential of an `Authorization` header; undefined when it is missing or wrong. */
  bearer(header: string | undefined): Credential | undefined;
  /** Makes a one-time ticket for the holder of a credential. */
  issue(credential: Credential): string;
  /** The credential of a ticket, once; undefined when it is unknown, used or expired. */
  redeem(ticket: string): Credential | undefined;
}

/** Tickets that wait at once; the oldest goes first. */
const MAX_TICKETS = 10_000;
const ANONYMOUS: Credential = { id: 'anonymous' };

/** Makes an authenticator that keeps hashes only, compared in constant time. */
export function createAuthenticator({ hashes, ticketTtlMs, now }: AuthOptions): Authenticator {
  const known = hashes.map((hash) => Buffer.from(hash, 'hex'));
  const tickets = new Map<string, { readonly credential: Credential; readonly until: number }>();

  function forgetOld(): void {
    for (const [key, { until }] of tickets) {
      if (until > now() && tickets.size < MAX_TICKETS) break; // oldest first: a Map keeps its order
      tickets.delete(key);
    }
  }

  return {
    required: known.length > 0,
    bearer(header) {
      if (known.length === 0) return ANONYMOUS;
      const token = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
      const hash = sha256(token ?? '');
      let found: Buffer | undefined;
      for (const each of known) if (timingSafeEqual(each, hash)) found = each; // no early exit
      return token === undefined || !found ? undefined : { id: found.toString('hex').slice(0, 16) };
    },
    issue(credential) {
      forgetOld();
      const ticket = randomBytes(32).toString('base64url');
      tickets.set(keyOf(ticket), { credential, until: now() + ticketTtlMs });
      return ticket;
    },
    redeem(ticket) {
      const key = keyOf(ticket);
      const entry = tickets.get(key);
      tickets.delete(key);
      return entry !== undefined && entry.until > now() ? entry.credential : undefined;
    },
  };
}

/** The hash under which a token is kept. */
export function hashToken(token: string): string {
  return sha256(token).toString('hex');
}

function keyOf(ticket: string): string {
  return sha256(ticket).toString('base64');
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
