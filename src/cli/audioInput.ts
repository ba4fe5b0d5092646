import { type Command, Option } from 'commander';
import { fromEvent, type Observable, takeUntil } from 'rxjs';
import { type PcmFormat, SAMPLE_ENCODINGS, type SampleEncoding } from '../dsp/pcm.ts';
import { fromBytes } from '../streams/fromBytes.ts';
import { fromFile } from '../streams/fromFile.ts';
import { fromStdin } from '../streams/fromStdin.ts';
import type { PacingOptions } from '../streams/paced.ts';
import { readFile } from '../streams/readFile.ts';
import type { PcmChunk } from '../types.ts';
import { count } from './usage.ts';

/** What the options below give. */
export interface InputOptions {
  readonly inputFormat: 'auto' | SampleEncoding;
  readonly sampleRate: number;
  readonly channels: number;
}

/** Adds the options that say how raw audio comes. */
export function withInputOptions(command: Command): Command {
  return command
    .optionsGroup('Input:')
    .addOption(
      new Option('--input-format <name>', 'raw samples without a header; auto: WAV, else by ffmpeg')
        .choices(['auto', ...SAMPLE_ENCODINGS])
        .default('auto'),
    )
    .option('--sample-rate <hz>', 'of raw samples, 8000 to 192000', count, 16_000)
    .option('--channels <n>', 'of raw samples, 1 to 6, interleaved', count, 1);
}

/** Opens a recording, or standard input for `-`, as 16 kHz mono. */
export function openAudio(
  path: string,
  options: InputOptions,
  pacing: PacingOptions,
): Observable<PcmChunk> {
  const raw = rawFormat(options);
  if (path === '-') {
    // Ctrl-C reaches both ends of a pipe: here it is the end of the audio, so that what is open gets decided.
    return fromStdin({ ...pacing, raw }).pipe(takeUntil(fromEvent(process, 'SIGINT')));
  }
  if (raw === undefined) return fromFile(path, pacing);
  return fromBytes(readFile(path, new AbortController().signal), raw, pacing);
}

/** The format of raw samples, undefined for `auto`. */
export function rawFormat({
  inputFormat,
  sampleRate,
  channels,
}: InputOptions): PcmFormat | undefined {
  return inputFormat === 'auto' ? undefined : { encoding: inputFormat, sampleRate, channels };
}
