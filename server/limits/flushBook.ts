import type { WireId } from '../../src/protocol/index.ts';
import { createTokenBucket } from './tokenBucket.ts';
import type { TokenBucket } from './tokenBucket.ts';

/** Ids that are remembered, so that a flush sent again after a reconnect counts once. */
const REMEMBERED = 64;
/** Flushes a second of a stream at real time: each costs an encoder step, and a stream has 6.25 of 160 ms. */
const PER_SECOND = 5;

/** A session's flushes: which were there, and how many a second there may be. */
export class FlushBook {
  readonly #ids = new Set<WireId>();
  readonly #bucket: TokenBucket;

  constructor(pace: number, now: number) {
    this.#bucket = createTokenBucket(PER_SECOND * pace, REMEMBERED, now);
  }

  /** Whether an id is remembered. */
  has(id: WireId): boolean {
    return this.#ids.has(id);
  }

  /** Notes a flush; false when there are too many. */
  begin(id: WireId, now: number): boolean {
    if (!this.#bucket.take(now)) return false;
    const [oldest] = this.#ids;
    if (this.#ids.size >= REMEMBERED && oldest !== undefined) this.#ids.delete(oldest);
    this.#ids.add(id);
    return true;
  }
}
