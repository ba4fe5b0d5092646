import type { Ack, FinalUnit, Hello, Ready } from '../protocol/index.ts';

/** What a client has to show so that another gateway takes its session over. */
export type Ticket = Pick<Hello, 'seal' | 'past'>;

/** What a client keeps for another gateway, in the session's own samples. */
export interface Passage {
  /** Whether the server sends seals: what they lack has to be kept. */
  readonly isOffered: boolean;
  /** Whether there is a seal. */
  readonly isOpen: boolean;
  /** What goes into a hello; from now until `arrive()` nothing is forgotten that it needs. */
  ticket(): Ticket;
  /** The sample from which on audio has to be kept, the server having all before `n`. */
  keep(n: number): number;
  /** A session is ready here. */
  begin(ready: Ready, isNew: boolean): void;
  acknowledged(ack: Ack, kept: number): void;
  unit(unit: FinalUnit): void;
  /** The ticket was used, or was of no use. */
  arrive(): void;
}

/** Options of `createPassage()`. */
export interface PassageOptions {
  readonly maxBytes: number;
  readonly momentBytes: number;
}

/** Units of the past that a language model reads. */
const PAST_UNITS = 300;

/** Makes the passage of a stream; with `maxBytes` 0 it never opens. */
export function createPassage({ maxBytes, momentBytes }: PassageOptions): Passage {
  let isOffered = false;
  let sealed: { readonly seal: Uint8Array; readonly keep: number } | undefined;
  /** What the ticket that is out needs. */
  let held: number | undefined;
  let units: (readonly [id: number, s: number, e: number])[] = [];

  return {
    get isOffered() {
      return isOffered;
    },
    get isOpen() {
      return sealed !== undefined;
    },
    ticket() {
      if (sealed === undefined) return {};
      held = sealed.keep;
      return { seal: sealed.seal, past: units.slice(-PAST_UNITS) };
    },
    keep(n) {
      if (!isOffered) return n;
      const keep = Math.min(held ?? Infinity, sealed?.keep ?? 0, n);
      if ((n - keep) * momentBytes <= maxBytes) return keep;
      sealed = undefined; // the server did not keep to what it said
      held = undefined;
      isOffered = false;
      return n;
    },
    begin({ takeover }, isNew) {
      held = undefined;
      if (isNew) {
        sealed = undefined;
        units = [];
      }
      isOffered = takeover !== undefined && takeover.bytes <= maxBytes;
      if (!isOffered) sealed = undefined;
    },
    acknowledged({ seal, keep }, kept) {
      if (isOffered && seal && keep !== undefined && keep >= kept) sealed = { seal, keep };
    },
    unit({ id, s, e }) {
      units.push([id, s, e]);
      if (units.length > 2 * PAST_UNITS) units = units.slice(-PAST_UNITS);
    },
    arrive() {
      held = undefined;
    },
  };
}
