import { decodePcm } from '../audio/pcm.ts';
import type { WireSound } from '../protocol/index.ts';
import type { StreamEvent } from './events.ts';

/** The event of some sound. */
export function soundOf({ id, n, d }: WireSound): StreamEvent {
  return { type: 'sound', request: id, at: n, samples: decodePcm(d, 's16le') };
}
