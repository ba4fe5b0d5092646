import { nodeScript } from '../../core/nodeScript.ts';

/** Programs and modules that can record, in the order in which they are tried. */
export const MICROPHONE_SOURCES = ['naudiodon', 'parec', 'arecord', 'ffmpeg'] as const;

/** One of them. */
export type MicrophoneSource = (typeof MICROPHONE_SOURCES)[number];

/** A process that writes s16le mono PCM until it is killed. */
export interface CaptureCommand {
  readonly source: MicrophoneSource;
  readonly command: string;
  readonly args: readonly string[];
  /** File descriptor that the PCM comes from: 1, but 3 for the child, where PortAudio prints on 1. */
  readonly descriptor: 1 | 3;
}

/** What to record. */
export interface CaptureOptions {
  /** Samples a second. */
  readonly sampleRate: number;
  /** Name of the device as the source knows it; undefined for the system's default. */
  readonly device?: string | undefined;
}

/** The commands that record through a source: more than one where it knows several sound systems. */
export function captureCommands(
  source: MicrophoneSource,
  { sampleRate, device }: CaptureOptions,
): CaptureCommand[] {
  const rate = String(sampleRate);
  const named = (flag: string): string[] => (device === undefined ? [] : [flag, device]);
  switch (source) {
    case 'naudiodon': {
      const args = [
        ...nodeScript(import.meta.url, 'naudiodonChild'),
        rate,
        ...(device === undefined ? [] : [device]),
      ];
      return [{ source, command: process.execPath, args, descriptor: 3 }];
    }
    case 'parec': {
      const format = ['--raw', '--format=s16le', `--rate=${rate}`, '--channels=1'];
      const args = [...format, '--latency-msec=20', ...named('--device')];
      return [{ source, command: 'parec', args, descriptor: 1 }];
    }
    case 'arecord': {
      const format = ['-q', '-t', 'raw', '-f', 'S16_LE', '-r', rate, '-c', '1'];
      return [{ source, command: 'arecord', args: [...format, ...named('-D')], descriptor: 1 }];
    }
    case 'ffmpeg':
      return soundSystems(device).map((input) => ({
        source,
        command: 'ffmpeg',
        descriptor: 1,
        args: [
          '-nostdin',
          '-loglevel',
          'error',
          ...input,
          '-ac',
          '1',
          '-ar',
          rate,
          '-f',
          's16le',
          '-',
        ],
      }));
  }
}

/** Where ffmpeg finds microphones on this system; Windows has no name for the default one. */
function soundSystems(device: string | undefined): string[][] {
  if (process.platform === 'darwin')
    return [['-f', 'avfoundation', '-i', `:${device ?? 'default'}`]];
  if (process.platform === 'win32') {
    return device === undefined ? [] : [['-f', 'dshow', '-i', `audio=${device}`]];
  }
  return ['pulse', 'alsa'].map((system) => ['-f', system, '-i', device ?? 'default']);
}
