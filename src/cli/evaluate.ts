import type { EvaluateOptions } from './evaluateOptions.ts';
import { basename, extname } from 'node:path';
import { Command } from 'commander';
import {
  catchError,
  throwError,
  defer,
  from,
  lastValueFrom,
  map,
  mergeMap,
  type Observable,
  toArray,
} from 'rxjs';
import { secondsToSamples } from '../segments/unitReport.ts';
import { PipelineError } from '../core/errors.ts';
import { openReferences, type ReferenceFinder } from '../formats/findReference.ts';
import type { Reference } from '../formats/readReference.ts';
import { fromFile } from '../streams/fromFile.ts';
import { collectUnits } from '../streams/collectUnits.ts';
import { createGate } from '../streams/gate.ts';
import { aheadMsFor } from '../streams/laneLength.ts';
import { openPool, type RecordingPool, withEngineOptions } from './engineOptions.ts';
import { checkPlaces } from './checkPlaces.ts';
import { type Evaluated, evaluationJson, evaluationText } from './evaluateReport.ts';
import { isLongFile } from './isLongFile.ts';
import { limitParallel } from './openFiles.ts';
import { openOutput } from './output.ts';
import { warnOfPauses } from './pauseWarning.ts';
import { recordingsIn } from './recordingsIn.ts';
import { assumedTierWarnings } from './referenceNotes.ts';
import { reportWarning } from './report.ts';
import { count, delay, finite, fromOptions, rate } from './usage.ts';

const HELP = `
A recording NAME.wav has its reference in NAME.TextGrid or NAME.json in the folder, or under "id": "NAME" in a JSON list
there. Boundaries are all starts and ends of syllables (of a TextGrid: of labelled intervals), where two meet, one;
of ours, those of units that are no pauses. They match one to one within the tolerance. 50 ms is generous: units cut
at random reach an F1 of about 0.5. --shift moves ours before the comparison; say so when you report it.

Examples:
  $ sylstream evaluate --ref annotations recordings/*.wav
  $ sylstream evaluate --ref annotations --tier syllables --rate 6.25 --json recordings/*.flac`;

/** `sylstream evaluate`: how near the units' boundaries are to somebody else's. */
export function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .description('compare boundaries with references: precision, recall, F1, R-value, rates, delay')
    .argument('<file...>', 'recordings; a folder the recordings in it')
    .requiredOption('--ref <folder>', 'references: TextGrid or JSON')
    .option(
      '--tier <name>',
      'tier of a TextGrid (default: one named "syl…", else with "syl" inside, else "units", else the first, with a warning)',
    )
    .option('--shift <ms>', "added to our boundaries, on top of the bundle's own shift", finite, 0)
    .option('--rate <rate>', '"natural", or units a second of speech', rate, 'natural')
    .option(
      '--max-delay <ms>',
      'audio milliseconds after which a boundary is forced, or "none"',
      delay,
      800,
    )
    .option('--channel <n>', 'the one to listen to, from 1 (default: the mean of all)', count)
    .option('--parallel <n>', 'recordings at the same time', count, 16)
    .option('--json', 'print JSON, with the scores of every recording');
  return withEngineOptions(command).addHelpText('after', HELP).action(evaluate);
}

async function evaluate(named: readonly string[], options: EvaluateOptions): Promise<void> {
  const files = recordingsIn(named).map(({ path }) => path);
  checkPlaces(files, [undefined]);
  const find = await openReferences(
    options.ref,
    options.tier === undefined ? {} : { tier: options.tier },
  );
  const isWhole = files.length === 1 && (await isLongFile(files[0]));
  const recordingPool = await openPool(files.length, options, isWhole);
  const { pool } = recordingPool;
  try {
    const one = (file: string): Observable<Evaluated> =>
      defer(async () => referenceOf(file, find, options.ref)).pipe(
        mergeMap((reference) => compared(file, reference, recordingPool, options)),
      );
    const { parallel, note } = limitParallel(options.parallel, files.length);
    if (note !== undefined) process.stderr.write(`${note}\n`);
    const found = await lastValueFrom(from(files).pipe(mergeMap(one, parallel), toArray()));
    const recordings = found.sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file));
    for (const warning of assumedTierWarnings(recordings.map(({ source }) => source))) {
      process.stderr.write(`evaluate: ${warning}\n`);
    }
    const evaluation = { recordings, bundle: pool.bundle, options };
    const output = await openOutput();
    await output.write(options.json ? evaluationJson(evaluation) : evaluationText(evaluation));
  } finally {
    await pool.close();
  }
}

async function referenceOf(
  file: string,
  find: ReferenceFinder,
  folder: string,
): Promise<Reference> {
  const id = basename(file, extname(file));
  const reference = await find(id);
  if (reference !== undefined) return reference;
  throw new PipelineError(
    'SYLSTREAM_ERR_REFERENCE',
    `expected ${id}.TextGrid, ${id}.json or "id": "${id}" in a list in ${folder} for ${file}, found none; ` +
      'add it or leave the recording out',
  );
}

function compared(
  file: string,
  { boundaries, source }: Reference,
  { pool, lanes }: RecordingPool,
  options: EvaluateOptions,
): Observable<Evaluated> {
  const gate = createGate({ aheadMs: aheadMsFor(lanes) });
  const reference = secondsToSamples(boundaries);
  const { rate, maxDelay: maxDelayMs } = options;
  const wanted = { rate, maxDelayMs, lanes, onProgress: gate.processed };
  const { channel } = options;
  const onWarning = (warning: PipelineError): void => reportWarning(warning, file);
  const audio$ = fromOptions(() => fromFile(file, { gate, channel, onWarning }));
  return fromOptions(() => pool.speechUnits(audio$, wanted)).pipe(
    warnOfPauses(file),
    collectUnits(),
    map((units) => ({ file, units, reference, source })),
    catchError((error: unknown) => throwError(() => about(file, error))),
  );
}

/** Puts the recording's name into an error that does not say it. */
function about(file: string, error: unknown): unknown {
  if (!(error instanceof PipelineError) || error.message.includes(file)) return error;
  return new PipelineError(error.code, `${file}: ${error.message}`, { cause: error });
}
