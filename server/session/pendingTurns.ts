import { MAX_PENDING_TURNS } from '../../src/segments/rateSchedule.ts';

/** From which samples (16 kHz) the dial is turned, as far as that is not decided. */
export interface PendingTurns {
  /** Notes a turn, which takes the place of all at or behind it; false where too many lie ahead. */
  turn(from: number, decided: number): boolean;
  /** Those that lie ahead. */
  ahead(decided: number): readonly number[];
}

/** Makes the turns of a session. */
export function createPendingTurns(known: readonly number[] = []): PendingTurns {
  let turns = known;
  return {
    turn(from, decided) {
      turns = turns.filter((turn) => turn > decided && turn < from);
      if (turns.length >= MAX_PENDING_TURNS) return false;
      turns = [...turns, from];
      return true;
    },
    ahead: (decided) => turns.filter((turn) => turn > decided),
  };
}
