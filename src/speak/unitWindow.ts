import { whole } from '../core/check.ts';
import { PipelineError } from '../core/errors.ts';
import type { Machine } from '../core/machine.ts';
import { HOP_SAMPLES, SAMPLE_RATE, TOKEN_SAMPLES } from '../core/time.ts';

/** A unit to be spoken; final units and predicted ones are such. */
export interface SpokenUnit {
  /** 0 = pause, else 1 to M of the bundle. */
  readonly id: number;
  /** The finer name, 1 to K of the bundle; absent or 0 for a pause and where it is not known. A vocoder that does not take it leaves it aside. */
  readonly fine?: number | undefined;
  /** First sample at 16 kHz; `start` and `end` are both there, or neither. */
  readonly start?: number | undefined;
  /** One past the last sample. */
  readonly end?: number | undefined;
}

/**
 * A piece of a unit, and what its frames are made from: the unit among its neighbours, two before and one after. A unit is one piece, but
 * a long pause is several.
 */
export interface UnitPiece {
  /** `[4]`: ids; M + 1 where there is no unit. */
  readonly units: readonly number[];
  /** `[4]`: finer names; 0 where there is none. */
  readonly fine: readonly number[];
  /** `[4]`: lengths in tokens, fractions allowed; 0 where there is no unit. */
  readonly lengths: readonly number[];
  /** The piece's frames, as places in frames from the unit's start. */
  readonly places: Float32Array;
  /** Silent frames behind those. */
  readonly silent: number;
}

/** Options of `createUnitWindow()`. */
export interface UnitWindowOptions {
  /** M. */
  readonly merged: number;
  /** K, where finer names are told too. */
  readonly fine?: number | undefined;
  /** `[M + 1]`: how long a unit is in tokens, where it does not say so. */
  readonly usualTokens: readonly number[];
  /** Whether a unit waits for the next one, as it was taught; without, it is spoken at once and less smoothly. Default true. */
  readonly lookAhead?: boolean | undefined;
}

/** Units before that the network sees. */
const BEFORE = 2;
/** Frames of a pause that are made on either side; between them is silence. As in training (training/recipes/vocoder/corpus.py). */
const PAUSE_EDGE = 25;
/** Silent frames of a piece at most, 1 s: bounds what a long pause takes at once. */
const MOST_SILENT = 100;
/** Longest unit, and longest pause: nobody says a syllable for longer, and ten minutes bound what is kept of a pause. */
const LONGEST_SAMPLES = 4 * SAMPLE_RATE;
const LONGEST_PAUSE_SAMPLES = 600 * SAMPLE_RATE;

/** Samples that a unit may begin and end at. */
const anyWhole = whole(-Infinity);

interface Known {
  readonly id: number;
  readonly fine: number;
  readonly samples: number;
}

/**
 * Cuts a stream of units into what a network makes frames from, unit by unit: its neighbours, and which frames lie in it. The first unit
 * begins at frame 0, whatever its `start`; each other one where the one before ended.
 *
 * In: units. Out: the pieces of a unit, once the next unit is known, or at the flush.
 *
 * Throws `PipelineError` `SYLSTREAM_ERR_UNITS`: an id or a finer name that is not there, a length of nothing or of more than 4 s (a pause: 10 minutes), a unit
 * that does not begin where the one before ends.
 */
export function createUnitWindow(options: UnitWindowOptions): Machine<SpokenUnit, UnitPiece> {
  const { merged, fine: finest, usualTokens, lookAhead = true } = options;
  const ids = whole(0, merged);
  const finer = whole(0, finest ?? Infinity);
  const absent: Known = { id: merged + 1, fine: 0, samples: 0 };
  /** The last two that were made, and one that waits. */
  let made: Known[] = Array.from({ length: BEFORE }, () => absent);
  let waiting: Known | undefined;
  let count = 0;
  /** End of the last unit, by its own words. */
  let lastEnd: number | undefined;
  /** First sample of the next unit to be made, from the beginning of the speech. */
  let from = 0;

  function refuse(what: string, advice: string): never {
    throw new PipelineError('SYLSTREAM_ERR_UNITS', `unit ${count}: ${what}; ${advice}`);
  }

  function check({ id, fine: said = 0, start, end }: SpokenUnit): Known {
    if (!ids.holds(id)) {
      const expected = `expected an id from 0 to ${merged}, got ${JSON.stringify(id)}`;
      refuse(expected, 'speak units with the bundle that they are of');
    }
    if (!finer.holds(said)) {
      const expected = `expected a finer name from 0 to ${finest ?? 'any'}, got ${JSON.stringify(said)}`;
      refuse(expected, 'speak units with the bundle that they are of');
    }
    const fine = id === 0 || finest === undefined ? 0 : said;
    if (start === undefined && end === undefined) {
      lastEnd = undefined;
      return { id, fine, samples: Math.max(1, usualTokens[id]) * TOKEN_SAMPLES };
    }
    if (!anyWhole.holds(start!) || !anyWhole.holds(end!)) {
      const got = `${JSON.stringify(start)} and ${JSON.stringify(end)}`;
      refuse(`expected start and end as whole numbers of samples, got ${got}`, 'give both or none');
    }
    const samples = end! - start!;
    const longest = id === 0 ? LONGEST_PAUSE_SAMPLES : LONGEST_SAMPLES;
    if (!whole(1, longest).holds(samples)) {
      const expected = `expected 1 to ${longest} samples of ${id === 0 ? 'a pause' : 'a unit'}`;
      refuse(`${expected}, got ${samples}`, 'shorten it');
    }
    if (lastEnd !== undefined && start !== lastEnd) {
      const expected = `expected it to begin at sample ${lastEnd}, where the one before ends`;
      refuse(`${expected}, got ${start}`, 'give units in order, one channel at a time, pauses too');
    }
    lastEnd = end;
    return { id, fine, samples };
  }

  function make(own: Known, next: Known): UnitPiece[] {
    const seen = [...made, own, next];
    made = [...made.slice(1), own];
    const begin = from;
    const to = begin + own.samples;
    const first = Math.ceil(begin / HOP_SAMPLES);
    const frames = Math.ceil(to / HOP_SAMPLES) - first;
    const placeOf = (n: number): number => (HOP_SAMPLES * (first + n) - begin) / HOP_SAMPLES;
    const length = own.samples / HOP_SAMPLES;
    const isSilent = (n: number): boolean =>
      own.id === 0 && Math.min(placeOf(n), length - placeOf(n)) > PAUSE_EDGE;
    const all = Array.from({ length: frames }, (_, n) => n);
    const around = {
      units: seen.map(({ id }) => id),
      fine: seen.map(({ fine }) => fine),
      lengths: seen.map(({ samples }) => samples / TOKEN_SAMPLES),
    };
    const piece = (heard: readonly number[], silent: number): UnitPiece => ({
      ...around,
      places: Float32Array.from(heard, placeOf),
      silent,
    });
    from = to;
    const [quiet, after] = [all.findIndex(isSilent), all.findLastIndex(isSilent) + 1];
    if (quiet < 0) return [piece(all, 0)];
    const pieces = [piece(all.slice(0, quiet), Math.min(MOST_SILENT, after - quiet))];
    for (let at = quiet + MOST_SILENT; at < after; at += MOST_SILENT)
      pieces.push(piece([], Math.min(MOST_SILENT, after - at)));
    return [...pieces, piece(all.slice(after), 0)];
  }

  return {
    push: (unit) => {
      const known = check(unit);
      count++;
      if (!lookAhead) return make(known, absent);
      const out = waiting ? make(waiting, known) : [];
      waiting = known;
      return out;
    },
    flush: () => {
      const out = waiting ? make(waiting, absent) : [];
      waiting = undefined;
      return out;
    },
  };
}
