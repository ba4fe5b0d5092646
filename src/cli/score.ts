import { Command } from 'commander';
import { concatMap, lastValueFrom, map, type Observable } from 'rxjs';
import { type ScoredRecording, scoreLine } from '../formats/scoreLine.ts';
import { lmMissing } from '../models/bundle/lmConfig.ts';
import type { Models } from '../models/loadModels.ts';
import type { UnitLm } from '../models/lm/unitLm.ts';
import { collectUnits } from '../streams/collectUnits.ts';
import { createGate } from '../streams/gate.ts';
import { speechUnits } from '../streams/speechUnits.ts';
import { type InputOptions, nameOf, openAudio, withInputOptions } from './audioInput.ts';
import { checkPlaces } from './checkPlaces.ts';
import { eachRecording } from './eachRecording.ts';
import { type EngineOptions, loadEngine, withEngineOptions } from './engineOptions.ts';
import type { ExitCode } from './exitCodes.ts';
import { openOutput } from './output.ts';
import { warnOfPauses } from './pauseWarning.ts';
import { recordingsIn } from './recordingsIn.ts';
import { count } from './usage.ts';

interface ScoreOptions extends EngineOptions, InputOptions {
  readonly each?: boolean;
  readonly parallel: number;
  /** A global option. */
  readonly verbose?: boolean;
}

const HELP = `
A line of JSON is one recording: file, units (how many, without pauses), mean (log-probability of a unit, pauses left out:
what the zero-shot tests compare), logProbability (of all units and the end), end. Natural logarithms by the model itself.

Examples:
  $ sylstream score said.wav unsaid.wav
  $ sylstream score --each recordings/*.flac`;

/** `sylstream score`: how likely the language model finds recordings. */
export function scoreCommand(setStatus: (code: ExitCode) => void): Command {
  const command = new Command('score')
    .description('print how likely the language model finds recordings')
    .argument(
      '<file...>',
      'WAV by itself, anything else through ffmpeg; - is standard input, a folder the recordings in it',
    )
    .option('--each', 'also every unit with its log-probability')
    .option('--parallel <n>', 'recordings at the same time', count, 8);
  return withEngineOptions(withInputOptions(command))
    .addHelpText('after', HELP)
    .action(async (files: string[], _options, self: Command) => {
      const options = self.optsWithGlobals<ScoreOptions>();
      const recordings = recordingsIn(files, { raw: options.inputFormat !== 'auto' });
      const paths = recordings.map(({ path }) => path);
      checkPlaces(paths, [undefined]);
      setStatus(await scoreFiles(paths, options));
    });
}

async function scoreFiles(files: readonly string[], options: ScoreOptions): Promise<ExitCode> {
  const output = await openOutput();
  const models = await loadEngine(options, { lm: true });
  try {
    const { lm } = models;
    if (!lm) throw lmMissing(models.bundle);
    const recordings = eachRecording(files, options, (file) => scored(file, models, lm, options));
    const lines$ = recordings.results$.pipe(
      concatMap((one) => output.write(scoreLine(one, options.each === true))),
    );
    await lastValueFrom(lines$, { defaultValue: undefined });
    return recordings.status();
  } finally {
    await models.close();
  }
}

/** Cuts a recording at the rate that the model knows, and scores it as a whole. */
function scored(
  file: string,
  models: Models,
  lm: UnitLm,
  options: ScoreOptions,
): Observable<ScoredRecording> {
  const gate = createGate();
  return speechUnits(openAudio(file, options, { gate }), models, {
    rate: lm.rate,
    onProgress: gate.processed,
  }).pipe(
    warnOfPauses(nameOf(file)),
    collectUnits(),
    map((units) => units.map(({ id }) => id)),
    concatMap(async (units) => ({ file, units, score: await lm.score(units) })),
  );
}
