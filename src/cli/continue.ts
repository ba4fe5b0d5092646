import { Command, Option } from 'commander';
import { from } from 'rxjs';
import {
  CONTINUATION_FORMATS,
  continuationLine,
  type ContinuationFormat,
} from '../formats/continuationLine.ts';
import { planContinuation } from '../models/lm/continuationOptions.ts';
import { lmMissing } from '../models/bundle/lmConfig.ts';
import type { ContinuationOptions } from '../models/lm/unitLm.ts';
import { speakUnits } from '../operators/speakUnits.ts';
import { createGate } from '../streams/gate.ts';
import { speechUnits } from '../streams/speechUnits.ts';
import type { PredictedUnit } from '../core/types.ts';
import { type InputOptions, nameOf, openAudio, withInputOptions } from './audioInput.ts';
import { checkPlaces } from './checkPlaces.ts';
import { type EngineOptions, loadEngine, withEngineOptions } from './engineOptions.ts';
import { openOutput } from './output.ts';
import { warnOfPauses } from './pauseWarning.ts';
import { count, finite, fromOptions, oneOf, positive } from './usage.ts';
import { type VoiceOptions, withVoiceOption } from './voiceOptions.ts';
import { writeWav } from './wavOutput.ts';

interface ContinueOptions extends EngineOptions, InputOptions, VoiceOptions, ContinuationOptions {
  readonly speak?: string;
  readonly format: ContinuationFormat;
}

const HELP = `
A line of JSON is one hypothesis: its number (from 0), after (index of the recording's last unit), units
(numbers; 0 is a pause) and their log-probabilities by the model itself. Same seed, same answer.

Examples:
  $ sylstream continue speech.wav --seconds 3 --n 4 --seed 1
  $ sylstream continue speech.wav --seconds 3 --speak next.wav --voice rms
  $ sylstream continue speech.wav --units 20 --temperature 0 --format text`;

/** `sylstream continue`: what the language model predicts after a recording. */
export function continueCommand(): Command {
  const command = new Command('continue')
    .description('print the units that are predicted after a recording')
    .argument('<file>', 'WAV by itself, anything else through ffmpeg; - is standard input')
    .optionsGroup('Continuation:')
    .option(
      '--seconds <s>',
      'length of each, by the mean length of the recording’s units (default: 1 without --units)',
      positive,
    )
    .option('--units <n>', 'units of each at most, 1 to 300', count)
    .option('--n <n>', 'hypotheses side by side, 1 to 16', count, 1)
    .option('--seed <n>', 'whole number of 0 or more', finite, 0)
    .option('--temperature <t>', '0 (the most probable unit every time) to 10', finite, 1)
    .option('--top-k <k>', 'draw from the k most probable units', count, 25)
    .option('--top-p <p>', 'draw from the fewest units that hold this share, 0 to 1', finite, 0.9)
    .option('--penalty <p>', 'against repetition, 0.1 to 10; 1 is none', finite, 1)
    .option('--may-end', 'let the model end a hypothesis early')
    .addOption(
      new Option('-f, --format <name>', 'what to write')
        .choices(CONTINUATION_FORMATS)
        .argParser(oneOf(CONTINUATION_FORMATS))
        .default('jsonl'),
    )
    .option('--speak <file>', 'speak the first continuation into a WAV file, too');
  return withEngineOptions(withInputOptions(withVoiceOption(command)))
    .addHelpText('after', HELP)
    .action(continueFile);
}

async function continueFile(file: string, options: ContinueOptions): Promise<void> {
  fromOptions(() => planContinuation(options)); // a wrong option ends it before anything is loaded
  const { speak, voice } = options;
  checkPlaces([file], speak === undefined ? [undefined] : [undefined, speak]);
  const output = await openOutput();
  const models = await loadEngine(options, { lm: true, speak: speak !== undefined });
  try {
    const { lm, speaker } = models;
    if (!lm) throw lmMissing(models.bundle);
    const spoken = speaker && speakUnits(speaker, { voice }); // an unknown voice ends it here
    const session = lm.open();
    const gate = createGate();
    let after = -1;
    const events$ = speechUnits(openAudio(file, options, { gate }), models, {
      rate: lm.rate,
      onProgress: (sample) => gate.processed(sample),
    });
    await events$.pipe(warnOfPauses(nameOf(file))).forEach((event) => {
      if (event.type !== 'unit') return;
      session.push(event.unit);
      after = event.unit.index;
    });
    const found = Array.from({ length: options.n ?? 1 }, (): PredictedUnit[] => []);
    for await (const unit of session.continue(options)) found[unit.hypothesis].push(unit);
    for (const [hypothesis, units] of found.entries()) {
      await output.write(continuationLine({ hypothesis, after, units }, options.format));
    }
    if (spoken && speak !== undefined) await writeWav(from(found[0]).pipe(spoken), speak);
  } finally {
    await models.close();
  }
}
