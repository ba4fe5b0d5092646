import type { Bundle } from '../../src/models/bundle/bundle.ts';
import { keptShape } from '../../src/models/encoder/remoteModel.ts';
import { ringBytes } from '../../src/models/inference/kvRing.ts';
import { historyBytes, lmCache } from '../../src/models/lm/lmMemory.ts';

/** Says what the sessions of a server use, and whether one more fits. */
export interface MemoryBook {
  /** Bytes of the process without sessions, and of those there are. */
  readonly usedBytes: number;
  /** Bytes above which no session begins. */
  readonly boundBytes: number;
  hasRoom(): boolean;
  /** Bytes that the sessions that wait for their clients keep beyond half of what sessions may use; 0 or less where it is enough. Looks at each of them. */
  excessBytes(): number;
}

/** What a session has of its own. */
export interface MemoryUser {
  /** Audio that is here and not decided, in seconds. */
  readonly undecidedSeconds: number;
  /** Bytes that it keeps while it rests; undefined while it does not. */
  readonly restingBytes: number | undefined;
}

/** Options of `createMemoryBook()`. */
export interface MemoryBookOptions {
  readonly boundBytes: number;
  /** Resident bytes before the first session, models loaded and warm. */
  readonly baseBytes: number;
  /** Bytes that any session takes: `sessionBytes()`. */
  readonly sessionBytes: number;
  /** How many sessions have a client, and how many wait for theirs. */
  readonly live: () => number;
  readonly parked: () => number;
  /** All of them, and those that wait. */
  readonly sessions: () => Iterable<MemoryUser>;
  readonly waiting: () => Iterable<MemoryUser>;
  readonly now: () => number;
}

/** Undecided audio on its way: samples as they came, at 16 kHz, log-mel of 128 bands, features; all floats. */
const WAITING_BYTES_PER_SECOND = 4 * (48_000 + 16_000 + 100 * 128 + 50 * 256);
/** Reckoned for the socket, the operators and the event log of a session (4,096 events of about 100 bytes). */
const OTHER_BYTES = 2 ** 19;
/** The two places for a stream's saved state (`streamMemory.ts`). */
const STATE_BYTES = 2 ** 19;
/** Part of what sessions may use that those without a client may keep, so that a new one always finds room. */
const WAITING_PART = 0.5;
/** The sums over sessions are good for so long; their numbers are always today's. */
const FRESH_MS = 100;

/**
 * Makes a book that counts what sessions use. Resident memory does not tell: the allocator keeps what it once had, so an
 * empty server would refuse everyone; what is kept is used again by the next session.
 */
export function createMemoryBook(options: MemoryBookOptions): MemoryBook {
  const { boundBytes, baseBytes, sessionBytes, live, parked, sessions, waiting, now } = options;
  let undecided = 0;
  let waitingBytes = 0;
  let waitingCount = 0;
  let summedAt = -Infinity;

  function sumOfWaiting(restless: number): number {
    let bytes = 0;
    for (const { restingBytes } of waiting()) bytes += restingBytes ?? restless;
    return bytes;
  }

  function used(): number {
    if (now() - summedAt >= FRESH_MS) {
      undecided = 0;
      for (const { undecidedSeconds } of sessions()) undecided += undecidedSeconds;
      waitingBytes = sumOfWaiting(sessionBytes);
      waitingCount = parked();
      summedAt = now();
    }
    const whole = live() + Math.max(0, parked() - waitingCount);
    return baseBytes + whole * sessionBytes + waitingBytes + undecided * WAITING_BYTES_PER_SECOND;
  }

  return {
    get usedBytes() {
      return used();
    },
    boundBytes,
    hasRoom: () => used() + sessionBytes <= boundBytes,
    // One that has not come to rest yet will keep little, so a crowd that is cut at once is not thrown out.
    excessBytes: () => sumOfWaiting(0) - WAITING_PART * (boundBytes - baseBytes),
  };
}

/** Bytes that a session of a bundle takes whatever it does: keys and values, or the mel of them, shared and a thread's copy. */
export function sessionBytes(
  { config, lm }: Pick<Bundle, 'config' | 'lm'>,
  isRemote: boolean = false,
): number {
  const ring = ringBytes(keptShape(config.encoder, isRemote));
  const history = lm ? historyBytes(lmCache(lm)) : 0;
  return 2 * (ring + history) + STATE_BYTES + OTHER_BYTES;
}
