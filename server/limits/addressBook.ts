import { createTokenBucket } from './tokenBucket.ts';
import type { TokenBucket } from './tokenBucket.ts';

/** Bounds what one address may open without a credential. */
export interface AddressBook {
  /** Counts a new socket; 0 when it may stay, else the milliseconds after which it may come back. */
  enter(address: string): number;
  /** Gives back what `enter` counted. */
  leave(address: string): void;
  /** Addresses that are remembered. */
  readonly size: number;
}

/** Options of `createAddressBook()`. */
export interface AddressBounds {
  readonly open: number;
  readonly perSecond: number;
  readonly now: () => number;
}

/** A refused address waits this long when too many of its sockets are open. */
const RETRY_OPEN_MS = 1000;
/** Idle addresses are forgotten this often, when somebody comes. */
const SWEEP_MS = 1000;

/** Makes an empty book; IPv6 addresses count by their /64, which is what one subscriber gets. */
export function createAddressBook({ open, perSecond, now }: AddressBounds): AddressBook {
  const entries = new Map<string, { open: number; readonly bucket: TokenBucket }>();

  let sweptAt = now();

  function sweep(): void {
    if (now() - sweptAt < SWEEP_MS) return;
    sweptAt = now();
    for (const [key, entry] of entries) {
      if (entry.open === 0 && entry.bucket.isFull(now())) entries.delete(key);
    }
  }

  return {
    get size() {
      return entries.size;
    },
    enter(address) {
      sweep();
      const key = networkOf(address);
      const entry = entries.get(key) ?? {
        open: 0,
        bucket: createTokenBucket(perSecond, Math.max(1, perSecond), now()),
      };
      entries.set(key, entry);
      if (!entry.bucket.take(now())) return entry.bucket.waitMs(now());
      if (entry.open >= open) return RETRY_OPEN_MS;
      entry.open++;
      return 0;
    },
    leave(address) {
      const entry = entries.get(networkOf(address));
      if (entry !== undefined) entry.open = Math.max(0, entry.open - 1);
    },
  };
}

/** The address itself for IPv4, the first 64 bits for IPv6. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('%')[0].split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(Math.max(0, zeros)).fill('0'), ...right].slice(0, 4).join(':');
}
