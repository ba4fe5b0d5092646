import { PipelineError } from '../core/errors.ts';
import type { RateSetting } from './rateDial.ts';
import type { Saved } from '../core/savedState.ts';

/** Which setting of the dial holds from which token on. */
export interface RateSchedule extends Saved {
  /** The setting that holds for a token. */
  at(token: number): RateSetting;
  /** Turns the dial from `token` on; what was arranged for that token or later is forgotten. */
  turn(setting: RateSetting, token: number): void;
  /** Forgets settings that ended before `token`. */
  dropBefore(token: number): void;
}

/** More turns than this that still lie ahead are refused. */
export const MAX_PENDING_TURNS = 64;

/**
 * Makes a schedule that begins with `setting`.
 *
 * Errors: `SYLSTREAM_ERR_OVERRUN` for more than 64 turns ahead.
 */
export function createRateSchedule(setting: RateSetting): RateSchedule {
  let turns = [{ token: -Infinity, setting }];
  return {
    at(token) {
      let held = turns[0];
      for (const turn of turns) if (turn.token <= token) held = turn;
      return held.setting;
    },
    turn(next, token) {
      const kept = turns.filter((turn) => turn.token < token);
      if (kept.length > MAX_PENDING_TURNS) {
        throw new PipelineError(
          'SYLSTREAM_ERR_OVERRUN',
          `expected at most ${MAX_PENDING_TURNS} turns of the rate dial ahead of the audio, got one more; ` +
            'send a turn when its time has come',
        );
      }
      turns = [...kept, { token, setting: next }];
    },
    dropBefore(token) {
      while (turns.length > 1 && turns[1].token <= token) turns.shift();
    },
    save(to) {
      to.numbers(turns.length);
      for (const {
        token,
        setting: { hz, w, lambda, even },
      } of turns) {
        to.numbers(token, hz, w, lambda, even ?? NaN);
      }
    },
    restore(from) {
      const count = from.integer(1, MAX_PENDING_TURNS + 1);
      turns = Array.from({ length: count }, (_, place) => {
        // The first one holds from ever, or from a turn on that lies behind.
        const token = from.number();
        const isFirst = place === 0 && token === -Infinity;
        if (!isFirst && !(Number.isInteger(token) && token >= 0))
          throw new RangeError(`expected the token of a turn in a saved state, got ${token}`);
        const [hz, w, lambda, even] = [from.finite(), from.finite(), from.finite(), from.number()];
        if (!(hz > 0 && w > 0) || even < 0 || even === Infinity)
          throw new RangeError('expected a setting of the dial in a saved state, got another');
        return {
          token,
          setting: { name: String(hz), hz, w, lambda, ...(!Number.isNaN(even) && { even }) },
        };
      });
    },
  };
}
