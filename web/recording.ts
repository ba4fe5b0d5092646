import type { Unit } from '../src/types.ts';
import { SAMPLE_RATE } from '../src/units.ts';
import { placeExpected } from './expectation.ts';
import { createMelStore } from './melStore.ts';
import type { MelStore } from './melStore.ts';
import { PageError } from './pageError.ts';

/** The longest recording the page keeps: 20 minutes, 92 MB. Longer ones are for the command line. */
export const MAX_SECONDS = 1200;
const MAX_SAMPLES = MAX_SECONDS * SAMPLE_RATE;

/** A stretch of the tail that may still change. */
export type ProvisionalUnit = Pick<Unit, 'id' | 'start' | 'end' | 'pause'>;

/** Everything that the page knows of one recording; the views draw from it. */
export interface Recording {
  readonly mel: MelStore;
  /** Final units, in order. */
  readonly units: readonly Unit[];
  /** The undecided tail as it looked last. */
  readonly provisional: readonly ProvisionalUnit[];
  /** What the language model expects behind it. */
  readonly expected: readonly ProvisionalUnit[];
  /** Samples heard so far, at 16 kHz. */
  readonly samples: number;
  /** Takes more audio. @throws PageError `too-long` over 20 minutes */
  hear(samples: Float32Array): void;
  addUnit(unit: Unit): void;
  setProvisional(units: readonly ProvisionalUnit[]): void;
  /** Takes the units that are expected after unit `after`; they are forgotten when that is not the last one any more. */
  setExpected(after: number, ids: readonly number[]): void;
  /** Forgets the units, keeps the audio: it is to be cut anew. */
  forgetUnits(): void;
  /** A copy of the samples [from, to). */
  slice(from: number, to: number): Float32Array<ArrayBuffer>;
}

/** Creates an empty recording. */
export function createRecording(): Recording {
  const mel = createMelStore();
  let audio = new Float32Array(SAMPLE_RATE * 30);
  let samples = 0;
  let units: Unit[] = [];
  let provisional: readonly ProvisionalUnit[] = [];
  let expected: readonly number[] = [];
  return {
    mel,
    get units() {
      return units;
    },
    get provisional() {
      return provisional;
    },
    get expected() {
      return placeExpected(expected, units, provisional);
    },
    get samples() {
      return samples;
    },
    hear(heard) {
      if (samples + heard.length > MAX_SAMPLES) throw new PageError('too-long');
      if (samples + heard.length > audio.length) {
        const grown = new Float32Array(Math.max(audio.length * 2, samples + heard.length));
        grown.set(audio.subarray(0, samples));
        audio = grown;
      }
      audio.set(heard, samples);
      samples += heard.length;
      mel.push(heard);
    },
    addUnit(unit) {
      units.push(unit);
      expected = [];
      provisional = provisional.filter((guess) => guess.start >= unit.end);
    },
    setProvisional(guesses) {
      provisional = guesses;
    },
    setExpected(after, ids) {
      expected = after === units.length - 1 ? ids : [];
    },
    forgetUnits() {
      units = [];
      provisional = [];
      expected = [];
    },
    slice: (from, to) => audio.slice(Math.max(0, from), Math.min(samples, to)),
  };
}
