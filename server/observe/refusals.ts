import type { Logger } from 'pino';
import { createLogLimiter } from './logLimiter.ts';

/** Counts every connection that is refused or cut before its session, and logs as many as somebody can read. */
export interface Refusals {
  /** Counts one and logs it in these words, if its turn has come. */
  note(reason: string, fields: object, words: string): void;
  /** Counts one and says whether whoever asks may log it. */
  allows(reason: string): boolean;
}

/** Options of `createRefusals()`. */
export interface RefusalsOptions {
  readonly log: Logger;
  readonly count: (reason: string) => void;
  readonly now: () => number;
}

/** Makes a book of refusals: 10 lines of a reason within 10 s, then one that says how many were left out. */
export function createRefusals({ log, count, now }: RefusalsOptions): Refusals {
  const limiter = createLogLimiter({ now });

  function allows(reason: string): boolean {
    count(reason);
    let isDue = false;
    limiter.write(reason, (omitted) => {
      isDue = true;
      if (omitted > 0) log.info({ reason, omitted }, 'refusals that were not logged');
    });
    return isDue;
  }

  return {
    allows,
    note(reason, fields, words) {
      if (allows(reason)) log.info({ reason, ...fields }, words);
    },
  };
}
