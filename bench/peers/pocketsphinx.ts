import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { summarise } from '../../src/bench/percentiles.ts';
import { repeated, speechBytes } from '../server/speech.ts';
import type { PeerFigures } from './peer.ts';

/** PocketSphinx's live decoder on one stream, as fast as it goes. */
export function pocketsphinx(python: string, seconds: number): PeerFigures {
  const speech = speechBytes();
  const second = Array.from({ length: seconds }, (_, k) => repeated(speech, k * 16_000, 16_000));
  const run = spawnSync(python, [join(import.meta.dirname, 'recognise.py')], {
    input: Buffer.concat(second),
    encoding: 'utf8',
    maxBuffer: 2 ** 24,
  });
  if (run.status !== 0) throw new Error(run.stderr.trim().split('\n').at(-1));
  const { cpuMs, times } = JSON.parse(run.stdout) as { cpuMs: number; times: number[] };
  const how = 'words, by a recogniser with phones and n-grams; one stream; lag of a 20 ms chunk';
  return { name: 'PocketSphinx 5', cpuMs, lagMs: summarise(times), how };
}
