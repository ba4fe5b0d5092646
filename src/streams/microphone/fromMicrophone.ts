import { checkChoice } from '../../core/check.ts';
import { catchError, defer, type Observable, tap, throwError, timeout } from 'rxjs';
import { checkAudioFormat } from '../../audio/audioFormat.ts';
import { createPcmDecoder } from '../../audio/pcm.ts';
import { PipelineError } from '../../core/errors.ts';
import { stateful } from '../../operators/stateful.ts';
import type { PcmChunk } from '../../core/types.ts';
import {
  type CaptureCommand,
  captureCommands,
  MICROPHONE_SOURCES,
  type MicrophoneSource,
} from './captureCommands.ts';
import { CaptureEnded, captureProcess } from './captureProcess.ts';

/** Options of `fromMicrophone()`. */
export interface FromMicrophoneOptions {
  /** What records. Default `auto`: the first of naudiodon, parec, arecord and ffmpeg that gives a sample. */
  readonly source?: MicrophoneSource | 'auto' | undefined;
  /** Name of the device as the source knows it. Default: the system's. */
  readonly device?: string | undefined;
  /** Samples a second that are asked for, 8,000 to 192,000. Default 16,000. */
  readonly sampleRate?: number | undefined;
  /** Told in one line which source records, once it gives samples. */
  readonly onSource?: ((source: MicrophoneSource) => void) | undefined;
}

/** A source that gives no sample for so long gives none; PortAudio may probe for 2 s, and longer on a busy machine. */
const FIRST_SAMPLE_MS = 10_000;

/**
 * Records from a microphone: mono chunks in [-1, 1] as they come, without an end.
 *
 * Each subscription starts a process of its own, which is killed when it is unsubscribed: a native module that
 * crashes there costs the recording only.
 *
 * Errors: `SYLSTREAM_ERR_MICROPHONE_MISSING` when no source gives a sample (its message says why of each, and what to
 * install), `SYLSTREAM_ERR_MICROPHONE_FAILED` when a recording breaks off, or when the one source asked for crashes.
 * Throws `TypeError` or `RangeError` at once for a wrong option.
 *
 * @example
 * const models = await loadModels();
 * speechUnits(fromMicrophone(), models).subscribe((event) => {
 *   if (event.type === 'unit') console.log(event.unit.id);
 * });
 */
export function fromMicrophone(options: FromMicrophoneOptions = {}): Observable<PcmChunk> {
  const { source = 'auto', device, sampleRate = 16_000, onSource } = options;
  checkChoice('source', source, ['auto', ...MICROPHONE_SOURCES]);
  checkAudioFormat({ sampleRate, channels: 1 });
  const sources = source === 'auto' ? MICROPHONE_SOURCES : [source];
  const commands = sources.flatMap((name) => captureCommands(name, { sampleRate, device }));
  return defer(() => firstThatRecords(commands, onSource)).pipe(
    stateful(() => createPcmDecoder('s16le')),
  );
}

/** Goes through the commands until one gives bytes; what breaks off later is not tried again: time would be missing. */
function firstThatRecords(
  commands: readonly CaptureCommand[],
  onSource: FromMicrophoneOptions['onSource'],
): Observable<Uint8Array> {
  const failures: CaptureEnded[] = [];
  const attempt = (n: number): Observable<Uint8Array> => {
    if (n === commands.length) return throwError(() => noMicrophone(failures));
    let records = false;
    return captureProcess(commands[n]).pipe(
      timeout({ first: FIRST_SAMPLE_MS, with: () => throwError(() => silent(commands[n])) }),
      tap(() => {
        if (!records) onSource?.(commands[n].source);
        records = true;
      }),
      catchError((error: CaptureEnded) => {
        if (records) return throwError(() => failed(error));
        failures.push(error);
        return attempt(n + 1);
      }),
    );
  };
  return attempt(0);
}

function silent({ source }: CaptureCommand): CaptureEnded {
  return new CaptureEnded(`${source}: no sample within ${FIRST_SAMPLE_MS / 1000} s`, false);
}

function failed(error: CaptureEnded): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_MICROPHONE_FAILED',
    `expected the microphone to go on, got the end of ${error.message}; start again or choose another source`,
    { cause: error },
  );
}

function noMicrophone(failures: readonly CaptureEnded[]): PipelineError {
  const [only] = failures;
  if (failures.length === 1 && only.crashed) return failed(only);
  const why = failures.map((error) => error.message).join('; ') || 'nothing that could record';
  return new PipelineError(
    'SYLSTREAM_ERR_MICROPHONE_MISSING',
    `expected a microphone, got ${why}; connect one and see that a sound server runs, ` +
      'or install pulseaudio-utils (parec), alsa-utils (arecord) or ffmpeg',
    { cause: only },
  );
}
