/**
 * The process that naudiodon lives in: `node naudiodonChild.js RATE [DEVICE]` writes s16le mono PCM to file
 * descriptor 3 (naudiodon itself prints on standard output). PortAudio aborts its process where the sound system is set up badly, and a native module may crash: here
 * that ends a recording, not the program. Ends by itself when its standard input closes, thus with its parent.
 */
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import type { Readable } from 'node:stream';

/** What is used of naudiodon; its own types are absent wherever the optional package is. */
interface Naudiodon {
  readonly SampleFormat16Bit: number;
  getDevices(): { readonly id: number; readonly name: string; readonly maxInputChannels: number }[];
  AudioIO(options: { readonly inOptions: object }): Readable & { start(): void };
}

/** PortAudio's number for the system's default device. */
const DEFAULT_DEVICE = -1;
/** Buffers a second: 20 ms each. */
const BUFFERS_PER_SECOND = 50;

function fail(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}

async function load(): Promise<Naudiodon> {
  const name = 'naudiodon'; // a variable: the package is optional, and absent where it could not be compiled
  try {
    return ((await import(name)) as { default: Naudiodon }).default;
  } catch (error) {
    const [first] = (error as Error).message.split('\n');
    return fail(`the optional package naudiodon is not there: ${first}`);
  }
}

function deviceId(naudiodon: Naudiodon, wanted: string | undefined): number {
  const inputs = naudiodon.getDevices().filter((device) => device.maxInputChannels > 0);
  if (inputs.length === 0) fail('PortAudio finds no input device');
  if (wanted === undefined) return DEFAULT_DEVICE;
  const found = inputs.find((device) => device.name === wanted);
  const names = inputs.map((device) => `"${device.name}"`).join(', ');
  return found?.id ?? fail(`PortAudio finds no input device "${wanted}", but ${names}`);
}

process.chdir(tmpdir()); // naudiodon's crash handler writes crash.log where it stands
process.stdin.on('close', () => process.exit(0)).resume();
const pcm = new Socket({ fd: 3, readable: false, writable: true });
pcm.on('error', () => process.exit(0));
const [rate, device] = process.argv.slice(2);
const naudiodon = await load();
const sampleRate = Number(rate);
const framesPerBuffer = Math.round(sampleRate / BUFFERS_PER_SECOND);
const microphone = naudiodon.AudioIO({
  inOptions: {
    deviceId: deviceId(naudiodon, device),
    channelCount: 1,
    sampleFormat: naudiodon.SampleFormat16Bit,
    sampleRate,
    framesPerBuffer,
    highwaterMark: framesPerBuffer * 2,
    maxQueue: 100,
    closeOnError: true,
  },
});
microphone.on('error', (error: Error) => fail(error.message));
microphone.pipe(pcm);
microphone.start();
