import type { WireId } from '../src/protocol/index.ts';
import { createTokenBucket } from './tokenBucket.ts';
import type { TokenBucket } from './tokenBucket.ts';

/** Ids that are remembered, so that a flush sent again after a reconnect counts once. */
const REMEMBERED = 64;
/** Flushes a second of a stream at real time: each costs an encoder step, and a stream has 6.25 of 160 ms. */
const PER_SECOND = 5;

/** A session's flushes: which were there, where in the audio they came, and how many a second there may be. */
export class FlushBook {
  readonly #places = new Map<WireId, number>();
  readonly #bucket: TokenBucket;

  constructor(pace: number, now: number) {
    this.#bucket = createTokenBucket(PER_SECOND * pace, REMEMBERED, now);
  }

  /** Whether an id is remembered. */
  has(id: WireId): boolean {
    return this.#places.has(id);
  }

  /** Notes a flush at a place in the audio; false when there are too many. */
  begin(id: WireId, place: number, now: number): boolean {
    if (!this.#bucket.take(now)) return false;
    const [oldest] = this.#places.keys();
    if (this.#places.size >= REMEMBERED && oldest !== undefined) this.#places.delete(oldest);
    this.#places.set(id, place);
    return true;
  }

  /** Where the flush of an id came, at the declared rate. */
  finish(id: WireId): number | undefined {
    return this.#places.get(id);
  }
}
