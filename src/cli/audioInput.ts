import { type Command, Option } from 'commander';
import { fromEvent, type Observable, takeUntil } from 'rxjs';
import { type PcmFormat, SAMPLE_ENCODINGS, type SampleEncoding } from '../audio/pcm.ts';
import type { PipelineError } from '../core/errors.ts';
import { fromFile } from '../streams/fromFile.ts';
import { fromStdin } from '../streams/fromStdin.ts';
import type { PacingOptions } from '../streams/paced.ts';
import type { PcmChunk } from '../core/types.ts';
import { reportWarning } from './report.ts';
import { count, fromOptions } from './usage.ts';

/** What the options below give. */
export interface InputOptions {
  readonly inputFormat: 'auto' | SampleEncoding;
  readonly sampleRate: number;
  readonly channels: number;
  /** The one to listen to; the mean of all without it. */
  readonly channel?: number | undefined;
}

/** Value of `--channel` for a stream a channel, in `tokenize`. */
export const EACH = 'each';

/** Adds the options that say how raw audio comes. */
export function withInputOptions(command: Command, own: { each?: boolean } = {}): Command {
  const [description, parse] = own.each
    ? ['the one to listen to, from 1, or "each" for all, apart', channelOrEach]
    : ['the one to listen to, from 1', count];
  return command
    .optionsGroup('Input:')
    .addOption(
      new Option('--input-format <name>', 'raw samples without a header; auto: WAV, else by ffmpeg')
        .choices(['auto', ...SAMPLE_ENCODINGS])
        .default('auto'),
    )
    .option('--sample-rate <hz>', 'of raw samples, 8000 to 192000', count, 16_000)
    .option('--channels <n>', 'of raw samples, 1 to 6, interleaved', count, 1)
    .option('--channel <n>', `${description} (default: the mean of all)`, parse);
}

function channelOrEach(text: string): number | typeof EACH {
  return text.toLowerCase() === EACH ? EACH : count(text);
}

/** Opens a recording, or standard input for `-`, as 16 kHz mono. */
export function openAudio(
  path: string,
  options: InputOptions,
  pacing: PacingOptions,
): Observable<PcmChunk> {
  const raw = rawFormat(options);
  const listening = {
    ...pacing,
    raw,
    channel: options.channel,
    onWarning: (warning: PipelineError) => reportWarning(warning, nameOf(path)),
  };
  if (path === '-') {
    // Ctrl-C reaches both ends of a pipe: here it is the end of the audio, so that what is open gets decided.
    return fromOptions(() => fromStdin(listening)).pipe(takeUntil(fromEvent(process, 'SIGINT')));
  }
  return fromOptions(() => fromFile(path, listening));
}

/** What a recording is called in words to people. */
export function nameOf(path: string): string {
  return path === '-' ? 'standard input' : path;
}

/** The format of raw samples, undefined for `auto`. */
export function rawFormat({
  inputFormat,
  sampleRate,
  channels,
}: Omit<InputOptions, 'channel'>): PcmFormat | undefined {
  return inputFormat === 'auto' ? undefined : { encoding: inputFormat, sampleRate, channels };
}
