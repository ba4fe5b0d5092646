import type { TokenizeOptions } from './tokenizeOptions.ts';
import { Command, Option } from 'commander';
import { EACH, withInputOptions } from './audioInput.ts';
import { checkPlaces } from './checkPlaces.ts';
import { chosenFormat, type FormatWish } from './chosenFormat.ts';
import { withEngineOptions } from './engineOptions.ts';
import type { ExitCode } from './exitCodes.ts';
import { FORMATS, LINE_FORMATS } from './formatters.ts';
import { planOutput } from './outputPlan.ts';
import { recordingsIn } from './recordingsIn.ts';
import { tokenizeFiles } from './tokenizeFiles.ts';
import { withUnitOptions } from './unitOptions.ts';
import { count, misuse, oneOf } from './usage.ts';

/** What the command line itself gives. */
type GivenOptions = Omit<TokenizeOptions, 'format'> & FormatWish;

const HELP = `
A line of JSON is one unit: index, id (0 is a pause), start, end and decided in samples at 16 kHz (decided: the
earliest moment at which the end could be final), the same in seconds, confidence from 0 to 1; "pause" and "forced"
where they hold. Several recordings on one output get a "file" each; their order is the one on the command line.

Examples:
  $ sylstream tokenize speech.wav
  $ sylstream tokenize --output speech.TextGrid speech.mp3
  $ sylstream tokenize --format csv --output units/ recordings/
  $ sylstream tokenize --text recordings/*.flac
  $ sylstream tokenize --channel each --output call.TextGrid call.wav
  $ sylstream tokenize --plot speech.html speech.wav > units.jsonl
  $ arecord -q -f S16_LE -r 16000 | sylstream tokenize -
  $ sox speech.wav -t raw -e mu-law -r 8000 -c 1 - | sylstream tokenize - --input-format mulaw --sample-rate 8000`;

/** `sylstream tokenize`: recordings in, units out. */
export function tokenizeCommand(setStatus: (code: ExitCode) => void): Command {
  const command = new Command('tokenize')
    .description('print the units of recordings')
    .argument(
      '<file...>',
      'WAV by itself, anything else through ffmpeg; - is standard input, a folder the recordings in it',
    )
    .optionsGroup('Output:')
    .addOption(
      new Option(
        '-f, --format <name>',
        'what to write (default: what the extension of --output says, else jsonl)',
      )
        .choices(FORMATS)
        .argParser(oneOf(FORMATS)),
    )
    .option('--text', 'ids alone, a line a recording; the same as --format text')
    .option(
      '-o, --output <path>',
      'a file, or a folder for one file a recording (default: standard output)',
    )
    .option('--plot <path>', 'draw spectrogram, boundaries and units: .svg, .png or .html');
  withInputOptions(withUnitOptions(command), { each: true })
    .option('--realtime', 'play a recording as if it were spoken now')
    .option('--parallel <n>', 'recordings at the same time', count, 8)
    .option('--no-progress', 'show no bar for long recordings');
  return withEngineOptions(command)
    .addHelpText('after', HELP)
    .action(async (files: string[], _options, self: Command) => {
      const given = self.optsWithGlobals<GivenOptions>();
      const options: TokenizeOptions = { ...given, format: chosenFormat(given) };
      const recordings = recordingsIn(files, { raw: options.inputFormat !== 'auto' });
      const paths = recordings.map(({ path }) => path);
      check(paths, options);
      const plan = planOutput(recordings, options.format, options.output);
      const { plot } = options;
      checkPlaces(paths, [
        ...(plan.kind === 'each' ? plan.paths : [plan.path]),
        ...(plot === undefined ? [] : [plot]),
      ]);
      setStatus(await tokenizeFiles(paths, plan, options));
    });
}

/** Options that do not go together. */
function check(files: readonly string[], options: TokenizeOptions): void {
  const { format, plot } = options;
  if (options.header && format !== 'jsonl') {
    const why = LINE_FORMATS.includes(format) ? 'which says it on every row' : 'without it';
    throw misuse(`Expected --header with --format jsonl, got ${format}, ${why}.`);
  }
  if (options.partials && format !== 'jsonl') {
    throw misuse(`Expected --partials with --format jsonl, got ${format}.`);
  }
  if (plot !== undefined && !/\.(svg|png|html?)$/i.test(plot)) {
    throw misuse(`Expected --plot to end in .svg, .png or .html, got "${plot}".`);
  }
  if (plot !== undefined && files.length > 1) {
    throw misuse(`Expected one recording for --plot, got ${files.length}.`);
  }
  if (options.channel === EACH) checkEach(files, options);
  if (files.filter((file) => file === '-').length > 1) {
    throw misuse('Expected standard input (-) once, got it twice.');
  }
}

/** What cannot be had of several channels at once. */
function checkEach(files: readonly string[], { partials, plot }: TokenizeOptions): void {
  const wrong = [
    ...(partials ? ['--partials'] : []),
    ...(plot === undefined ? [] : ['--plot']),
    ...(files.includes('-') ? ['standard input, which can be read once'] : []),
  ];
  if (wrong.length === 0) return;
  throw misuse(`Expected one channel for ${wrong.join(', ')}, got --channel each; name it.`);
}
