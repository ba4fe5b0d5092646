/** How fast somebody speaks, live: node rateMeter.ts [--file FILE] */
import { parseArgs } from 'node:util';
import { concatMap } from 'rxjs';
import { fromFile, fromMicrophone, speakingRate, toSeconds } from 'sylstream';
import type { RateWindow, SpeakingRate } from 'sylstream';
import { streamUnits } from 'sylstream/client';
import { CONNECTION, streamOptions } from './connection.ts';

const { values } = parseArgs({
  options: {
    ...CONNECTION,
    /** A recording instead of the microphone, as if it were spoken now. */
    file: { type: 'string' },
    /** Readings as JSON lines, for other programs. */
    json: { type: 'boolean', default: false },
  },
});

const chunks$ =
  values.file === undefined ? fromMicrophone() : fromFile(values.file, { realtime: true });

streamUnits(chunks$, values.url, streamOptions(values))
  .pipe(
    concatMap((event) => (event.type === 'unit' ? [event.unit] : [])),
    speakingRate(),
  )
  .subscribe({
    next: (reading) => print(reading),
    complete: () => process.stdout.write(process.stdout.isTTY ? '\n' : ''),
    error(error: Error) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    },
  });

function print(reading: SpeakingRate): void {
  if (values.json) return void process.stdout.write(`${JSON.stringify(reading)}\n`);
  const time = `${toSeconds(reading.sample).toFixed(1).padStart(7)} s`;
  const line = [time, ...reading.windows.map(inWords)].join('  |  ');
  // On a terminal one line that changes, elsewhere one line a reading.
  process.stdout.write(process.stdout.isTTY ? `\r${line}\u001b[K` : `${line}\n`);
}

function inWords(window: RateWindow): string {
  const { windowSeconds, speechRate, articulationRate, pauses, meanPauseSeconds } = window;
  const rates = `${windowSeconds} s: ${speechRate.toFixed(1)}/s, ${articulationRate.toFixed(1)}/s spoken`;
  return `${rates}, ${pauses} pauses of ${meanPauseSeconds.toFixed(2)} s`;
}
