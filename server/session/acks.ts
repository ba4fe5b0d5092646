import type { Ack } from '../../src/protocol/index.ts';
import type { Intake } from './intake.ts';

/** An `ack` goes out at least this often while something changes (the protocol promises 500 ms). */
const ACK_MS = 400;

/** The acknowledgements of one connection. */
export interface Acks {
  /** Whether something has changed that the client should know now. */
  isDue(intake: Intake, now: number): boolean;
  /** The next one. */
  next(intake: Intake, now: number, lagMs: number): Ack;
}

/** Makes the acknowledgements of a connection that has had none. */
export function createAcks(): Acks {
  let last = { n: -1, limit: 0, at: -Infinity };
  return {
    isDue(intake, now) {
      const { next } = intake;
      const { limit, credit } = intake.grant();
      if (last.n === next && last.limit === limit) return false;
      const starving = limit > last.limit && last.limit - next < credit / 2;
      return starving || now - last.at >= ACK_MS;
    },
    next(intake, now, lagMs) {
      const { limit, credit } = intake.grant();
      last = { n: intake.next, limit, at: now };
      return { t: 'ack', n: intake.next, credit, lag_ms: lagMs };
    },
  };
}
