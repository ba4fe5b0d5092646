import { MAX_NAME_LENGTH, MAX_SAMPLE } from './limits.ts';
import { choice, either, integer, map, may, must, number, text } from './fields.ts';
import type { Fields, Kind } from './fields.ts';

/** A sample index or count. */
export const sample: Kind = integer(0, MAX_SAMPLE);

/** An id chosen by the client. */
export const id: Kind = either(text(MAX_NAME_LENGTH), integer(-MAX_SAMPLE, MAX_SAMPLE));

/** The rate dial; what the bundle offers is narrower and answered with `option`. */
export const rate: Kind = either(choice('natural'), number(0.1, 50));

/** The audio description of `hello` and `ready`; unusable values are answered with `audio_format`. */
export const audio: Kind = map({
  fmt: must(text(MAX_NAME_LENGTH)),
  rate: must(integer(0, 1_000_000)),
  ch: must(integer(0, 1024)),
});

/** `ping` and `pong`. */
export const ping: Fields = { x: may(id) };
