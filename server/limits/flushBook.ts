import type { WireId } from '../../src/protocol/index.ts';
import { createTokenBucket } from './tokenBucket.ts';
import type { TokenBucket } from './tokenBucket.ts';

/** Ids that are remembered, so that a flush sent again after a reconnect counts once. */
const REMEMBERED = 64;
/** Flushes a second of a stream at real time: each costs an encoder step, and a stream has 6.25 of 160 ms. */
const PER_SECOND = 5;

/** Ids that are remembered, and how many more flushes there may be at once. */
export interface Flushes {
  readonly ids: readonly WireId[];
  readonly left: number;
}

/** A session's flushes: which were there, and how many a second there may be. */
export class FlushBook {
  readonly #ids: Set<WireId>;
  /** Those that are not answered. */
  readonly #open = new Set<WireId>();
  readonly #bucket: TokenBucket;

  /** `known`: what another gateway's book said. */
  constructor(pace: number, now: number, known?: Flushes) {
    this.#ids = new Set(known?.ids);
    this.#bucket = createTokenBucket(PER_SECOND * pace, REMEMBERED, now, known?.left);
  }

  /** What the book says, for another gateway's: what is not answered here will come again there. */
  saved(now: number): Flushes {
    return {
      ids: [...this.#ids].filter((id) => !this.#open.has(id)),
      left: this.#bucket.left(now),
    };
  }

  /** A flush was answered. */
  answered(id: WireId): void {
    this.#open.delete(id);
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
    this.#open.add(id);
    return true;
  }
}
