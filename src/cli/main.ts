import { Command, CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../core/packageRoot.ts';
import { benchCommand } from './bench.ts';
import { classifyCommand } from './classify.ts';
import { continueCommand } from './continue.ts';
import { doctorCommand } from './doctor.ts';
import { evaluateCommand } from './evaluate.ts';
import { EXIT, type ExitCode, exitCodeFor } from './exitCodes.ts';
import { listenCommand } from './listen.ts';
import { modelCommand } from './model.ts';
import { reportError } from './report.ts';
import { resynthesizeCommand } from './resynthesize.ts';
import { scoreCommand } from './score.ts';
import { speakCommand } from './speak.ts';
import { tokenizeCommand } from './tokenize.ts';
import { unitsCommand } from './units.ts';

const EPILOGUE = `
Times are samples at 16 kHz unless a name says seconds. A unit's number means nothing without its bundle.

Examples:
  $ sylstream tokenize speech.wav
  $ sylstream tokenize speech.flac --plot speech.svg --output speech.TextGrid
  $ sylstream listen
  $ sylstream continue speech.wav --seconds 3 --n 4
  $ sylstream resynthesize speech.wav --output again.wav
  $ sylstream score said.wav unsaid.wav
  $ sylstream doctor

Exit status: 0 done, 1 bug, 2 usage, 3 audio, 4 bundle or engine, 5 output, 6 microphone, 7 references,
8 server, 141 nobody reads standard output any more. Every SYLSTREAM_ERR_ code has a heading in docs/errors.md.`;

/**
 * Runs a command line (without node's and the script's name) and returns the exit status; never throws.
 *
 * @param others commands that are not of this folder: the server's (`bin/main.ts`)
 */
export async function run(
  argv: readonly string[],
  others: readonly Command[] = [],
): Promise<ExitCode> {
  const verbose = argv.includes('--verbose');
  let status: ExitCode = EXIT.ok;
  const program = createProgram((code) => {
    status = code;
  }, others);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.code === 'sylstream.misuse') reportError(error, verbose);
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    reportError(error, verbose);
    return exitCodeFor(error);
  }
}

/** The whole command; `setStatus` takes the exit status of a command that reported its errors itself. */
export function createProgram(
  setStatus: (code: ExitCode) => void,
  others: readonly Command[] = [],
): Command {
  const program = new Command('sylstream')
    .description(
      'Live syllable-rate units of speech: audio in, units out while the person still speaks.',
    )
    .version(version(), '-V, --version', 'print the version')
    .option('--verbose', 'print the stack and the causes of an error')
    .addHelpText('after', EPILOGUE)
    .showHelpAfterError('(--help lists what there is)');
  const commands = [
    tokenizeCommand(setStatus),
    listenCommand(),
    continueCommand(),
    speakCommand(),
    resynthesizeCommand(),
    scoreCommand(setStatus),
    classifyCommand(),
    evaluateCommand(),
    modelCommand(),
    unitsCommand(),
    benchCommand(),
    ...others,
    doctorCommand(setStatus),
  ];
  for (const command of commands) program.addCommand(command);
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap((c) => c.commands),
  ]) {
    command.exitOverride().configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'SYLSTREAM_ERR_USAGE ')),
    });
  }
  return program;
}

function version(): string {
  const text = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
