import type { Control } from '../../core/types.ts';
import type { ReplayPlace } from './replayPlace.ts';

/** One thing that came into a stream, at its place: moments of the input before it. */
export type Entry =
  | {
      readonly at: number;
      readonly type: 'audio';
      readonly moments: number;
      readonly bytes: Uint8Array;
    }
  | { readonly at: number; readonly type: 'silence'; readonly moments: number }
  | {
      readonly at: number;
      readonly type: 'control';
      readonly control: Control;
      readonly number: number;
    };

/** What a stream was given since its last checkpoint, so that it can be given again. */
export interface History {
  /** Moments so far. */
  readonly moments: number;
  audio(bytes: Uint8Array): void;
  silence(moments: number): void;
  control(control: Control): void;
  /** What was added since the last call. */
  fresh(): Entry[];
  /** What a stream needs that goes on from a checkpoint; audio before the place is cut off. */
  since(place: ReplayPlace, controls: number): Entry[];
  /** Forgets what no checkpoint from this one on needs. */
  forget(place: ReplayPlace, controls: number): void;
  /** Keeps a copy of nothing but what a stream needs that goes on from a checkpoint, and lets go of the memory it came in. */
  shrink(place: ReplayPlace, controls: number): void;
  /** Bytes of audio that are kept. */
  readonly bytes: number;
}

/** Makes an empty history of moments of `momentBytes` bytes; `begin`: what lies before it. */
export function createHistory(
  momentBytes: number,
  begin: { readonly moments: number; readonly controls: number } = { moments: 0, controls: 0 },
): History {
  let entries: Entry[] = [];
  let sent = 0; // how many of the entries were given out by `fresh`
  let { moments, controls } = begin;

  function since(place: ReplayPlace, known: number): Entry[] {
    return entries
      .filter((entry) => needed(entry, place, known))
      .map((entry) => cutBefore(entry, place.moment, momentBytes));
  }

  const needed = (entry: Entry, { moment }: ReplayPlace, known: number): boolean =>
    entry.type === 'control' ? entry.number >= known : entry.at + entry.moments > moment;

  return {
    get moments() {
      return moments;
    },
    audio(bytes) {
      const length = bytes.length / momentBytes;
      entries.push({ at: moments, type: 'audio', moments: length, bytes });
      moments += length;
    },
    silence(length) {
      entries.push({ at: moments, type: 'silence', moments: length });
      moments += length;
    },
    control(control) {
      entries.push({ at: moments, type: 'control', control, number: controls++ });
    },
    fresh() {
      const added = entries.slice(sent);
      sent = entries.length;
      return added;
    },
    since(place, known) {
      sent = entries.length;
      return since(place, known);
    },
    shrink(place, known) {
      entries = since(place, known).map((entry) =>
        entry.type === 'audio' ? { ...entry, bytes: new Uint8Array(entry.bytes) } : entry,
      );
      sent = 0;
    },
    get bytes() {
      return entries.reduce((sum, one) => sum + (one.type === 'audio' ? one.bytes.length : 0), 0);
    },
    forget(place, known) {
      let first = 0;
      while (first < sent && !needed(entries[first], place, known)) first++;
      if (first === 0) return;
      entries = entries.slice(first);
      sent -= first;
    },
  };
}

function cutBefore(entry: Entry, moment: number, momentBytes: number): Entry {
  if (entry.type === 'control' || entry.at >= moment) return entry;
  const skip = moment - entry.at;
  const rest = { at: moment, moments: entry.moments - skip };
  return entry.type === 'silence'
    ? { ...rest, type: 'silence' }
    : { ...rest, type: 'audio', bytes: entry.bytes.subarray(skip * momentBytes) };
}
