import { Command } from 'commander';
import { filter, map } from 'rxjs';
import { speakUnits } from '../operators/speakUnits.ts';
import { createPauseJoiner } from '../segments/pauseJoiner.ts';
import { stateful } from '../operators/stateful.ts';
import { createGate } from '../streams/gate.ts';
import { speechUnits } from '../streams/speechUnits.ts';
import type { Rate } from '../core/types.ts';
import { type InputOptions, nameOf, openAudio, withInputOptions } from './audioInput.ts';
import { checkPlaces } from './checkPlaces.ts';
import { type EngineOptions, loadEngine, withEngineOptions } from './engineOptions.ts';
import { warnOfPauses } from './pauseWarning.ts';
import { fromOptions, rate } from './usage.ts';
import { type VoiceOptions, withVoiceOption } from './voiceOptions.ts';
import { writeWav } from './wavOutput.ts';

interface ResynthesizeOptions extends EngineOptions, InputOptions, VoiceOptions {
  readonly output: string;
  readonly rate: Rate;
}

const HELP = `
What comes out is made from the recording's units alone: their numbers and lengths. It has none of its voice, pitch or noise.

Examples:
  $ sylstream resynthesize talk.wav --output again.wav
  $ sylstream resynthesize talk.wav --voice bm-george --rate 8.33 --output again.wav`;

/** `sylstream resynthesize`: a recording as its units say it again, in another voice. */
export function resynthesizeCommand(): Command {
  const command = new Command('resynthesize')
    .description('speak the units of a recording')
    .argument('<file>', 'WAV by itself, anything else through ffmpeg; - is standard input')
    .requiredOption('-o, --output <file>', 'the WAV file to write; - is standard output')
    .option('--rate <rate>', '"natural", or units a second', rate, 'natural');
  return withEngineOptions(withInputOptions(withVoiceOption(command)))
    .addHelpText('after', HELP)
    .action(resynthesize);
}

async function resynthesize(file: string, options: ResynthesizeOptions): Promise<void> {
  const { output, voice } = options;
  checkPlaces([file], [output === '-' ? undefined : output]);
  const models = await loadEngine(options, { speak: true });
  try {
    const gate = createGate();
    const audio$ = openAudio(file, options, { gate });
    const events$ = fromOptions(() =>
      speechUnits(audio$, models, { rate: options.rate, onProgress: gate.processed }),
    );
    const units$ = events$.pipe(
      warnOfPauses(nameOf(file)),
      stateful(createPauseJoiner), // as tokenize writes them
      filter((event) => event.type === 'unit'),
      map(({ unit }) => unit),
    );
    await writeWav(units$.pipe(speakUnits(models.speaker!, { voice })), output);
  } finally {
    await models.close();
  }
}
