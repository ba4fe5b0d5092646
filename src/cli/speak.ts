import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { from } from 'rxjs';
import { PipelineError } from '../core/errors.ts';
import { readSpokenUnits, type UnitsFile } from '../formats/readSpokenUnits.ts';
import type { Bundle } from '../models/bundle/bundle.ts';
import { defaultBundle, readBundle } from '../models/bundle/manifest.ts';
import { createUnitSpeaker, type UnitSpeaker } from '../models/speak/unitSpeaker.ts';
import { speakUnits } from '../operators/speakUnits.ts';
import { checkPlaces } from './checkPlaces.ts';
import { type VoiceOptions, withVoiceOption } from './voiceOptions.ts';
import { writeWav } from './wavOutput.ts';

interface SpeakOptions extends VoiceOptions {
  readonly bundle?: string;
  readonly output: string;
}

const HELP = `
Units come as sylstream tokenize or sylstream continue writes them. What a line lacks in times is as long as that unit mostly is.
The first line of tokenize --header says which bundle the numbers are of, and another bundle's are refused.

Examples:
  $ sylstream tokenize --header talk.wav | sylstream speak - --output said.wav
  $ sylstream continue talk.wav --seconds 3 | sylstream speak - --voice rms --output next.wav`;

/** `sylstream speak`: units become speech. */
export function speakCommand(): Command {
  const command = new Command('speak')
    .description('speak units that were written as JSON lines')
    .argument('<units>', 'a file of JSON lines; - is standard input')
    .requiredOption('-o, --output <file>', 'the WAV file to write; - is standard output')
    .option('--bundle <folder>', 'model bundle (default: the one that comes with the package)');
  return withVoiceOption(command).addHelpText('after', HELP).action(speakFile);
}

async function speakFile(path: string, options: SpeakOptions): Promise<void> {
  const { output, voice } = options;
  checkPlaces([path], [output === '-' ? undefined : output]);
  const file = readSpokenUnits(await readText(path), path === '-' ? 'standard input' : path);
  const bundle = await readBundle(options.bundle ?? defaultBundle());
  checkHash(file, bundle);
  const speaker = await createUnitSpeaker(bundle, { onRefused });
  try {
    checkUnits(file, speaker);
    await writeWav(from(file.units).pipe(speakUnits(speaker, { voice })), output);
  } finally {
    await speaker.close();
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await (path === '-' ? text(process.stdin) : readFile(path, 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PipelineError('SYLSTREAM_ERR_FILE_READ', `expected units in ${path}, got ${why}`, {
      cause,
    });
  }
}

/** Another bundle's numbers are other syllables. */
function checkHash({ hash }: UnitsFile, bundle: Bundle): void {
  if (hash === undefined || hash === bundle.hash) return;
  throw new PipelineError(
    'SYLSTREAM_ERR_UNITS',
    `expected units of ${bundle.directory} (hash ${bundle.hash.slice(0, 12)}), got those of another bundle ` +
      `(${hash.slice(0, 12)}); name that one with --bundle, or tokenize again`,
  );
}

/** Goes through all units before the first is spoken: nothing is heard of what cannot be spoken to its end. */
function checkUnits({ units }: UnitsFile, speaker: UnitSpeaker): void {
  const dry = speaker.window();
  for (const unit of units) dry.push(unit);
}

function onRefused(line: string): void {
  process.stderr.write(`sylstream: provider refused, trying the next: ${line}\n`);
}
