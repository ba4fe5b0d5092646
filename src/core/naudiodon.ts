import { tmpdir } from 'node:os';
import type { Readable, Writable } from 'node:stream';

/** What is used of naudiodon; its own types are absent wherever the optional package is. */
export interface Naudiodon {
  readonly SampleFormat16Bit: number;
  getDevices(): {
    readonly id: number;
    readonly name: string;
    readonly maxInputChannels: number;
    readonly maxOutputChannels: number;
  }[];
  AudioIO(options: { readonly inOptions: object }): Readable & { start(): void };
  AudioIO(options: { readonly outOptions: object }): Writable & { start(): void };
}

/** PortAudio's number for the system's default device. */
export const DEFAULT_DEVICE = -1;
/** Buffers a second: 20 ms each. */
const BUFFERS_PER_SECOND = 50;

/** Says why on standard error and ends the process with 1. */
export function fail(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}

/** Loads naudiodon into a process that is its own: moves to the folder for temporary files, and ends the process where it is absent. */
export async function openNaudiodon(): Promise<Naudiodon> {
  process.chdir(tmpdir()); // naudiodon's crash handler writes crash.log where it stands
  const name = 'naudiodon'; // a variable: the package is optional, and absent where it could not be compiled
  try {
    return ((await import(name)) as { default: Naudiodon }).default;
  } catch (error) {
    const [first] = (error as Error).message.split('\n');
    return fail(`the optional package naudiodon is not there: ${first}`);
  }
}

/** Options of a device that gives or takes s16le mono: buffers of 20 ms. */
export function monoOptions(naudiodon: Naudiodon, sampleRate: number): object {
  const framesPerBuffer = Math.round(sampleRate / BUFFERS_PER_SECOND);
  return {
    channelCount: 1,
    sampleFormat: naudiodon.SampleFormat16Bit,
    sampleRate,
    framesPerBuffer,
    highwaterMark: framesPerBuffer * 2,
    closeOnError: true,
  };
}
