/**
 * `npm run bench:peers`: what a live stream costs here and in other programs, on the same speech in one run. Those are measured
 * without sockets, hot, one after the other, which is in their favour. They are Python packages with weights in them:
 * `pip install --no-deps silero-vad pocketsphinx`; one that is not there is told and left out.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { PeerFigures } from './peers/peer.ts';
import { pocketsphinx } from './peers/pocketsphinx.ts';
import { ours } from './peers/server.ts';
import { silero } from './peers/silero.ts';

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '25,50' },
    seconds: { type: 'string', default: '20' },
    python: { type: 'string', default: 'python3' },
  },
});
const { python } = values;
const seconds = Number(values.seconds);

console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, load average ${loadavg()[0].toFixed(1)} before`,
);
console.log('| | CPU ms a stream-second | streams a core | lag p50 / p99 ms | what it is |');
console.log('| --- | --- | --- | --- | --- |');
for (const streams of values.streams.split(',').map(Number)) print(await ours(streams, seconds));
await tell('silero-vad', () => silero(python, 1, seconds));
await tell('silero-vad', () => silero(python, 16, seconds));
await tell('pocketsphinx', () => pocketsphinx(python, seconds));

/** Prints a peer's row, or why there is none. */
async function tell(
  name: string,
  measure: () => PeerFigures | Promise<PeerFigures>,
): Promise<void> {
  try {
    print(await measure());
  } catch (error) {
    const why = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    console.log(`| ${name} | not measured: ${why} | | | |`);
  }
}

function print({ name, cpuMs, lagMs, how }: PeerFigures): void {
  const lag = `${lagMs.p50.toFixed(1)} / ${lagMs.p99.toFixed(1)}`;
  console.log(`| ${name} | ${cpuMs.toFixed(2)} | ${(1000 / cpuMs).toFixed(0)} | ${lag} | ${how} |`);
}
