import { MAX_NAME_LENGTH, MAX_SAMPLE } from './limits.ts';
import { choice, either, integer, map, may, number, text, triple, word } from './kinds.ts';
import type { Fields, Leaf, MapKind } from './kinds.ts';

/** How the bytes of `a.d` are read. */
export type WireAudioFormat = 's16le' | 'f32le' | 'mulaw' | 'alaw';

/** A message of type `t`; `about` says in a sentence what it does. */
export function message<const T extends string, const F extends Fields>(
  t: T,
  about: string,
  fields: F,
): MapKind<{ readonly t: Leaf<T> } & F> {
  return map({ t: word(t), ...fields }, about);
}

/** A sample index or count, or another count without end. */
export function sample(about: string): Leaf<number> {
  return integer(0, MAX_SAMPLE, about);
}

/** A time or a length of time. */
export function milliseconds(about: string): Leaf<number> {
  return number(0, MAX_SAMPLE, about);
}

/** Index of a unit, −1 for none. */
export function lastUnit(about: string): Leaf<number> {
  return integer(-1, MAX_SAMPLE, about);
}

/** An id chosen by the client. */
export function id(about: string): Leaf<string | number> {
  return either(text(MAX_NAME_LENGTH, ''), integer(-MAX_SAMPLE, MAX_SAMPLE, ''), about);
}

/** The rate dial; what the bundle offers is narrower and answered with `option`. */
export function rate(about: string): Leaf<'natural' | number> {
  return either(choice(['natural'], ''), number(0.1, 50, ''), about);
}

/** `[id, s, e]` of units. */
export function places(): Leaf<readonly [number, number, number]> {
  return triple(sample(''), '');
}

const audioFields = {
  fmt: text<WireAudioFormat>(MAX_NAME_LENGTH, 's16le, f32le, mulaw or alaw.'),
  rate: integer(0, 1_000_000, 'Samples a second of one channel, 8000 to 192000.'),
  ch: integer(0, 1024, 'Interleaved channels, 1 to 6; they are averaged.'),
};

/** The audio description of `hello` and `ready`; unusable values are answered with `audio_format`. */
export function audio(about: string): MapKind<typeof audioFields> {
  return map(audioFields, about);
}

/** Asks whether the other side is there. */
export const ping = message('ping', 'Asks for a `pong` (browsers cannot send WebSocket pings).', {
  x: may(id('Given back.')),
});

/** Says so. */
export const pong = message('pong', 'Answers a `ping`.', { x: may(id('From the `ping`.')) });
