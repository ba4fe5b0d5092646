/** Records a WAV file and a TextGrid of its units while you speak: node recorder.ts NAME [--seconds N] [--file FILE] */
import { closeSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fromEvent, lastValueFrom, merge, NEVER, takeUntil, tap, timer } from 'rxjs';
import { encodeS16le, formats, fromFile, fromMicrophone, SAMPLE_RATE, wavHeader } from 'sylstream';
import type { PcmChunk, Unit } from 'sylstream';
import { streamUnits } from 'sylstream/client';
import { CONNECTION, provenanceOf, streamOptions } from './connection.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...CONNECTION,
    /** Ends after so long; without it Ctrl-C does. */
    seconds: { type: 'string' },
    /** A recording instead of the microphone, as if it were spoken now. */
    file: { type: 'string' },
  },
});
const [name] = positionals;
if (name === undefined) throw new TypeError('expected a name for the files, got none');

const FORMAT = { sampleRate: SAMPLE_RATE, channels: 1 };
/** How often the TextGrid is written while units come. */
const SAVE_MS = 1000;
const options = streamOptions(values);
const wav = openSync(`${name}.wav`, 'w');
writeSync(wav, wavHeader(FORMAT)); // "until the end", should nobody ever write the length
const units: Unit[] = [];
let provenance: formats.StatedProvenance | undefined;
let dataBytes = 0;
let savedAt = 0;

function saveSound({ samples }: PcmChunk): void {
  const bytes = encodeS16le(samples);
  writeSync(wav, bytes);
  dataBytes += bytes.length;
}

/** Writes beside and renames, so that whoever looks finds a whole file. */
function saveGrid(): void {
  savedAt = Date.now();
  if (provenance === undefined) return;
  const grid = formats.textGrid({ provenance });
  for (const unit of units) grid.unit(unit);
  writeFileSync(`${name}.TextGrid.part`, grid.end(dataBytes / 2));
  renameSync(`${name}.TextGrid.part`, `${name}.TextGrid`);
}

const chunks$ =
  values.file === undefined ? fromMicrophone() : fromFile(values.file, { realtime: true });
const enough$ = merge(
  fromEvent(process, 'SIGINT'),
  fromEvent(process, 'SIGTERM'),
  values.seconds === undefined ? NEVER : timer(1000 * Number(values.seconds)),
);
const heard$ = chunks$.pipe(takeUntil(enough$), tap(saveSound));
try {
  await lastValueFrom(
    streamUnits(heard$, values.url, options).pipe(
      tap((event) => {
        if (event.type === 'ready') provenance = provenanceOf(event, options.rate);
        if (event.type !== 'unit') return;
        units.push(event.unit);
        if (Date.now() - savedAt > SAVE_MS) saveGrid();
      }),
    ),
  );
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
} finally {
  writeSync(wav, wavHeader(FORMAT, dataBytes), 0, undefined, 0);
  closeSync(wav);
  saveGrid();
}
process.stdout.write(`${name}.wav: ${dataBytes / 2 / SAMPLE_RATE} s, ${units.length} units\n`);
