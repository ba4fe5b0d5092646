import type { Summary } from '../../src/bench/percentiles.ts';

/** What a peer costs. */
export interface PeerFigures {
  readonly name: string;
  /** CPU milliseconds a second of one stream's speech. */
  readonly cpuMs: number;
  /** From handing over the audio that an answer needs to the answer. */
  readonly lagMs: Summary;
  /** What was measured, in words. */
  readonly how: string;
}
