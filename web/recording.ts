import type { ProvisionalUnit } from './provisionalUnit.ts';
import { joinPauses } from '../src/segments/joinPauses.ts';
import type { Unit } from '../src/core/types.ts';
import { SAMPLE_RATE } from '../src/core/time.ts';
import { placePredicted } from './continuation.ts';
import { createMelStore } from './melStore.ts';
import type { MelStore } from './melStore.ts';
import { PageError } from './pageError.ts';

/** The longest recording the page keeps: an hour, 230 MB and 46 MB of picture. Longer ones are for the command line. */
export const MAX_SECONDS = 3600;
const MAX_SAMPLES = MAX_SECONDS * SAMPLE_RATE;
/** Sound is kept in pages of 30 s: growing moves nothing. */
const PAGE_SAMPLES = 30 * SAMPLE_RATE;

/** Everything that the page knows of one recording; the views draw from it. */
export interface Recording {
  readonly mel: MelStore;
  /** Final units, in order, as the server gave them. */
  readonly units: readonly Unit[];
  /** The same for people: pauses that follow each other are one. */
  readonly shown: readonly Unit[];
  /** The undecided tail as it looked last. */
  readonly provisional: readonly ProvisionalUnit[];
  /** What the language model predicts behind it. */
  readonly predicted: readonly ProvisionalUnit[];
  /** Samples heard so far, at 16 kHz. */
  readonly samples: number;
  /** Takes more audio. @throws PageError `too-long` over an hour */
  hear(samples: Float32Array): void;
  addUnit(unit: Unit): void;
  setProvisional(units: readonly ProvisionalUnit[]): void;
  /** Takes the units that are predicted after unit `after`; they are forgotten when that is not the last one any more. */
  setPredicted(after: number, ids: readonly number[]): void;
  /** Forgets the units, keeps the audio: it is to be cut anew. */
  forgetUnits(): void;
  /** A copy of the samples [from, to). */
  slice(from: number, to: number): Float32Array<ArrayBuffer>;
}

/** Creates an empty recording. */
export function createRecording(): Recording {
  const mel = createMelStore();
  const pages: Float32Array[] = [];
  let samples = 0;
  let units: Unit[] = [];
  let shown: Unit[] = [];
  let provisional: readonly ProvisionalUnit[] = [];
  let predicted: readonly number[] = [];
  return {
    mel,
    get units() {
      return units;
    },
    get shown() {
      return shown;
    },
    get provisional() {
      return provisional;
    },
    get predicted() {
      return placePredicted(predicted, units, provisional);
    },
    get samples() {
      return samples;
    },
    hear(heard) {
      if (samples + heard.length > MAX_SAMPLES) throw new PageError('too-long');
      for (const [page, at, part] of paged(samples, heard)) {
        pages[page] ??= new Float32Array(PAGE_SAMPLES);
        pages[page].set(part, at);
      }
      samples += heard.length;
      mel.push(heard);
    },
    addUnit(unit) {
      units.push(unit);
      const joined = joinPauses(shown.at(-1), unit);
      if (joined === undefined) shown.push(unit);
      else shown[shown.length - 1] = joined;
      predicted = [];
      provisional = provisional.filter(({ start }) => start >= unit.end);
    },
    setProvisional(tail) {
      provisional = tail;
    },
    setPredicted(after, ids) {
      predicted = after === units.length - 1 ? ids : [];
    },
    forgetUnits() {
      units = [];
      shown = [];
      provisional = [];
      predicted = [];
    },
    slice(from, to) {
      const first = Math.max(0, from);
      const copy = new Float32Array(Math.max(0, Math.min(samples, to) - first));
      for (const [page, at, part] of paged(first, copy)) {
        part.set(pages[page].subarray(at, at + part.length));
      }
      return copy;
    },
  };
}

/** Cuts samples that lie from sample `first` on into parts of one page each: page, place in it, the part itself. */
function* paged(first: number, samples: Float32Array): Generator<[number, number, Float32Array]> {
  for (let done = 0; done < samples.length;) {
    const at = (first + done) % PAGE_SAMPLES;
    const size = Math.min(PAGE_SAMPLES - at, samples.length - done);
    yield [Math.floor((first + done) / PAGE_SAMPLES), at, samples.subarray(done, done + size)];
    done += size;
  }
}
