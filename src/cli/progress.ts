import { SingleBar } from 'cli-progress';
import { toSeconds } from '../core/time.ts';

/** Shows how far the recordings are. */
export interface Progress {
  /** So many samples of recording `n` are done. */
  report(n: number, samples: number): void;
  stop(): void;
}

/** Shorter work shows no bar; seconds of audio. */
const LONG_SECONDS = 20;

/**
 * Starts a bar on standard error, where that is a terminal and the recordings are long; else nothing is shown.
 *
 * - `totals`: samples of each recording, undefined where nobody knows.
 */
export function startProgress(totals: readonly (number | undefined)[]): Progress {
  const known = totals.filter((total) => total !== undefined);
  const total = toSeconds(known.reduce((sum, samples) => sum + samples, 0));
  if (!process.stderr.isTTY || total < LONG_SECONDS) {
    return { report: () => undefined, stop: () => undefined };
  }
  const started = Date.now();
  const done = totals.map(() => 0);
  const bar = new SingleBar({
    format: '{bar} {percentage} % | {value} of {total} s | {speed} × real time | {left} left',
    stream: process.stderr,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(Math.ceil(total), 0, { speed: '-', left: '-' });
  return {
    report: (n, samples) => {
      if (totals[n] === undefined) return;
      done[n] = samples;
      const seconds = toSeconds(done.reduce((sum, value) => sum + value, 0));
      const elapsed = (Date.now() - started) / 1000;
      const speed = seconds / Math.max(elapsed, 0.001);
      const left = `${Math.ceil((total - seconds) / Math.max(speed, 0.001))} s`;
      bar.update(Math.floor(seconds), { speed: speed.toFixed(0), left });
    },
    stop: () => bar.stop(),
  };
}
