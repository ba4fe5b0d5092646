import { Command } from 'commander';
import { concatMap, lastValueFrom } from 'rxjs';
import { fourDigits } from '../formats/fourDigits.ts';
import { loadHead } from '../models/head/head.ts';
import { type Classification, classify } from '../operators/classify.ts';
import { encode } from '../operators/encode.ts';
import { logMel } from '../operators/logMel.ts';
import { createGate } from '../streams/gate.ts';
import { toSeconds } from '../core/time.ts';
import { type InputOptions, openAudio, withInputOptions } from './audioInput.ts';
import { checkPlaces } from './checkPlaces.ts';
import { type EngineOptions, loadEngine, withEngineOptions } from './engineOptions.ts';
import { openOutput } from './output.ts';
import { count, fromOptions } from './usage.ts';

interface ClassifyCommandOptions extends EngineOptions, InputOptions {
  readonly head?: string;
  readonly window?: number;
  readonly hop?: number;
  readonly realtime?: boolean;
}

const HELP = `
A line of JSON is one window: start, end and decided in samples at 16 kHz (decided: the earliest moment at which it could
be said), how much of it the head heard, the most probable label and its probability, and the probability of every label.
A head that hears speech alone, as the bundle's own does, says null of a window without speech.

Examples:
  $ sylstream classify talk.wav
  $ sylstream classify --head heads/age speech.wav
  $ arecord -q -f S16_LE -r 16000 | sylstream classify --head heads/commands --hop 200 -`;

/** `sylstream classify`: what a head hears in a recording, window by window. */
export function classifyCommand(): Command {
  const command = new Command('classify')
    .description('print what a classification head hears in a recording')
    .argument('<file>', 'WAV by itself, anything else through ffmpeg; - is standard input')
    .option('--head <folder>', "another head than the bundle's own (docs/head.md)")
    .option('--window <ms>', 'audio that a decision looks at (default: the head says)', count)
    .option('--hop <ms>', 'audio from one decision to the next (default: the head says)', count);
  withInputOptions(command).option('--realtime', 'play a recording as if it were spoken now');
  return withEngineOptions(command).addHelpText('after', HELP).action(run);
}

async function run(file: string, options: ClassifyCommandOptions): Promise<void> {
  checkPlaces([file], [undefined]);
  const models = await loadEngine(options);
  try {
    const head = await loadHead(models.bundle, options.head);
    const gate = createGate();
    const { mel } = models.bundle.config;
    const { window: windowMs, hop: hopMs, realtime } = options;
    const output = await openOutput();
    const lines$ = openAudio(file, options, { gate, realtime }).pipe(
      logMel({ wave: models.encoder.shape.wave }),
      encode(models.encoder, { mel, onProgress: gate.processed }),
      fromOptions(() => classify(head, { windowMs, hopMs })),
      concatMap((said) => output.write(lineOf(said, head.labels))),
    );
    await lastValueFrom(lines$, { defaultValue: undefined });
    await head.close();
  } finally {
    await models.close();
  }
}

function lineOf(said: Classification, labels: readonly string[]): string {
  const { start, end, decided, heard, label, probability, probabilities } = said;
  const line = {
    start,
    end,
    decided,
    startSeconds: toSeconds(start),
    endSeconds: toSeconds(end),
    heardSeconds: toSeconds(heard),
    label,
    probability: probability === null ? null : fourDigits(probability),
    probabilities:
      label === null
        ? null
        : Object.fromEntries(labels.map((name, n) => [name, fourDigits(probabilities[n])])),
  };
  return `${JSON.stringify(line)}\n`;
}
