import { Command, Option } from 'commander';
import {
  concat,
  concatMap,
  connect,
  EMPTY,
  from,
  fromEvent,
  lastValueFrom,
  map,
  merge,
  type Observable,
  of,
  switchMap,
  takeUntil,
  tap,
} from 'rxjs';
import { continuationLine } from '../formats/continuationLine.ts';
import { jsonl, provisionalLine } from '../formats/jsonl.ts';
import { createPauseJoiner } from '../segments/pauseJoiner.ts';
import { provenanceOf } from '../formats/provenance.ts';
import type { LabelOf } from '../formats/unitFormatter.ts';
import { readUnitCards } from '../models/codebook/readUnitCards.ts';
import { unitStrip } from '../formats/strip.ts';
import type { Models } from '../models/loadModels.ts';
import { lmMissing } from '../models/bundle/lmConfig.ts';
import { speakUnits } from '../operators/speakUnits.ts';
import { stateful } from '../operators/stateful.ts';
import { LOUDSPEAKERS, type Loudspeaker } from '../streams/loudspeaker/playCommands.ts';
import { toLoudspeaker } from '../streams/loudspeaker/toLoudspeaker.ts';
import { fromMicrophone } from '../streams/microphone/fromMicrophone.ts';
import {
  MICROPHONE_SOURCES,
  type MicrophoneSource,
} from '../streams/microphone/captureCommands.ts';
import { speechUnits } from '../streams/speechUnits.ts';
import { takeSamples } from '../streams/takeSamples.ts';
import type { Rate, SpeechEvent } from '../core/types.ts';
import { SAMPLE_RATE } from '../core/time.ts';
import { type EngineOptions, loadEngine, withEngineOptions } from './engineOptions.ts';
import { nextAtPauses } from './nextAtPauses.ts';
import { openOutput } from './output.ts';
import { warnOfPauses } from './pauseWarning.ts';
import { withUnitOptions } from './unitOptions.ts';
import { fromOptions, misuse, positive } from './usage.ts';
import { type VoiceOptions, withVoiceOption } from './voiceOptions.ts';

interface ListenOptions extends EngineOptions, VoiceOptions {
  readonly source: MicrophoneSource | 'auto';
  readonly device?: string;
  readonly seconds?: number;
  /** Seconds of a continuation. */
  readonly continue?: number;
  readonly speak?: boolean;
  readonly loudspeaker: Loudspeaker | 'auto';
  readonly rate: Rate;
  readonly maxDelay: number;
  readonly splitPauses?: boolean;
  readonly features?: boolean;
  readonly partials?: boolean;
  readonly header?: boolean;
}

const HELP = `
On a terminal the units appear as a strip: one block a unit, as wide as it is long (40 ms a column), its number
inside; dots are pauses; what is dim may still change. Into a pipe or a file they go as JSON lines.
Ctrl-C decides what is still open, prints it and ends with status 0.

Examples:
  $ sylstream listen
  $ sylstream listen --source parec --device alsa_input.usb-mic
  $ sylstream listen --seconds 10 | jq .id
  $ sylstream listen --continue 3 --speak --voice rms     (with headphones: it hears what it says)`;

/** `sylstream listen`: units of the microphone, live. */
export function listenCommand(): Command {
  const command = new Command('listen')
    .description('print the units of what is spoken into the microphone, while it is spoken')
    .addOption(
      new Option('--source <name>', 'what records')
        .choices(['auto', ...MICROPHONE_SOURCES])
        .default('auto'),
    )
    .option('--device <name>', "the microphone's name for that source (default: the system's)")
    .option('--seconds <n>', 'stop after so much audio (default: at Ctrl-C)', positive)
    .option('--continue <n>', 'when you pause, tell what comes next, so many seconds', positive)
    .option('--speak', 'with --continue, speak it, until you go on')
    .addOption(
      new Option('--loudspeaker <name>', 'what plays')
        .choices(['auto', ...LOUDSPEAKERS])
        .default('auto'),
    );
  return withEngineOptions(withVoiceOption(withUnitOptions(command)))
    .addHelpText('after', HELP)
    .action(listen);
}

async function listen(options: ListenOptions): Promise<void> {
  const { speak = false } = options;
  if (speak && options.continue === undefined)
    throw misuse('--speak speaks what comes next: give --continue <n> too');
  const models = await loadEngine(options, { lm: options.continue !== undefined, speak });
  try {
    const { source, device, seconds } = options;
    const toNext = next(models, options); // what is not there ends it before it listens
    const limit =
      seconds === undefined ? Number.POSITIVE_INFINITY : Math.round(seconds * SAMPLE_RATE);
    const stop$ = merge(fromEvent(process, 'SIGINT'), fromEvent(process, 'SIGTERM'));
    const chunks$ = fromMicrophone({ source, device, onSource: say }).pipe(
      takeSamples(limit),
      takeUntil(stop$), // completes the recording, and with it every stage flushes what it holds
    );
    const strip = process.stdout.isTTY;
    const { rate, maxDelay: maxDelayMs, features } = options;
    const wanted = { rate, maxDelayMs, features, partials: strip || options.partials };
    const events$ = fromOptions(() => speechUnits(chunks$, models, wanted)).pipe(
      warnOfPauses('the microphone'),
    );
    const output = await openOutput();
    const labelOf = (await readUnitCards(models.bundle))?.labelOf;
    const asText = (shown$: Observable<SpeechEvent>): Observable<string> =>
      strip ? asStrip(shown$, labelOf) : asLines(shown$, models, options, labelOf);
    const text$ = events$.pipe(connect((all$) => merge(asText(all$), toNext(all$, !strip))));
    await lastValueFrom(text$.pipe(concatMap((text) => output.write(text))), {
      defaultValue: undefined,
    });
  } finally {
    await models.close();
  }
}

/** What comes next at every pause: told in a line, and spoken until somebody speaks. */
function next(
  { bundle, lm, speaker }: Models,
  { continue: seconds, voice, loudspeaker }: ListenOptions,
): (events$: Observable<SpeechEvent>, isTold: boolean) => Observable<string> {
  if (seconds === undefined) return () => EMPTY;
  if (!lm) throw lmMissing(bundle);
  const speak = speaker && speakUnits(speaker, { voice });
  return (events$, isTold) =>
    events$.pipe(
      nextAtPauses(lm, seconds),
      switchMap((hypothesis) => {
        if (hypothesis === undefined) return EMPTY;
        const line$ = isTold ? of(continuationLine(hypothesis, 'jsonl')) : EMPTY;
        const sound$ = speak
          ? from(hypothesis.units).pipe(speak, toLoudspeaker({ loudspeaker }))
          : EMPTY;
        return concat(line$, sound$);
      }),
    );
}

function say(source: MicrophoneSource): void {
  if (process.stderr.isTTY) process.stderr.write(`listening through ${source}; Ctrl-C ends it\n`);
}

function asStrip(
  events$: Observable<SpeechEvent>,
  labelOf: LabelOf | undefined,
): Observable<string> {
  const columns = process.stdout.columns || 80; // some terminals say 0
  const strip = unitStrip({ columns, colour: process.stdout.hasColors(256), labelOf });
  const draw = (event: SpeechEvent): string => {
    if (event.type === 'unit') return strip.unit(event.unit);
    return event.type === 'provisional' ? strip.provisional(event.units) : '';
  };
  return events$.pipe(map(draw), tap({ complete: () => process.stdout.write(strip.end()) }));
}

function asLines(
  events$: Observable<SpeechEvent>,
  models: Models,
  options: ListenOptions,
  labelOf: LabelOf | undefined,
): Observable<string> {
  const header = fromOptions(() => provenanceOf(models.bundle, options.precision, options.rate));
  const lines = jsonl({ labelOf, ...(options.header && { header }) });
  const format = (event: SpeechEvent): string => {
    if (event.type === 'unit') return lines.unit(event.unit);
    return event.type === 'provisional' ? provisionalLine(event.from, event.units) : '';
  };
  const shown$ = options.splitPauses ? events$ : events$.pipe(stateful(createPauseJoiner));
  return merge(of(lines.begin()), shown$.pipe(map(format)));
}
