import { Observable, type Subscriber, type TeardownLogic } from 'rxjs';
import type { PcmChunk } from '../core/types.ts';
import type { Gate } from './gate.ts';

/** Plays the audio to one subscriber, at the gate's pace where there is one. */
type Play = (subscriber: Subscriber<PcmChunk>, gate: Gate | undefined) => TeardownLogic;

/**
 * Audio (16 kHz mono) that is read on demand, and so can be held back by whoever takes it: what RxJS has no way to ask for.
 * `speechUnits()` does so by itself when it gets one as it is; an operator between makes a plain Observable of it, which
 * needs a gate of its own (`createGate()`).
 */
export class PulledAudio extends Observable<PcmChunk> {
  readonly #gate: Gate | undefined;
  readonly #play: Play;

  /** @param gate the user's own; it wins over that of `heldBy` */
  constructor(gate: Gate | undefined, play: Play) {
    super((subscriber) => play(subscriber, gate));
    this.#gate = gate;
    this.#play = play;
  }

  /** The same audio at a gate's pace. A gate serves one subscription: make one for each. */
  heldBy(gate: Gate): Observable<PcmChunk> {
    return new Observable((subscriber) => this.#play(subscriber, this.#gate ?? gate));
  }
}
