/**
 * The process that naudiodon plays in: `node naudiodonPlayer.js RATE` plays s16le mono PCM from standard input, to its end. As in
 * `../microphone/naudiodonChild.ts`, a native module that crashes ends the sound here, not the program.
 */
import { tmpdir } from 'node:os';
import type { Writable } from 'node:stream';

/** What is used of naudiodon; its own types are absent wherever the optional package is. */
interface Naudiodon {
  readonly SampleFormat16Bit: number;
  getDevices(): { readonly maxOutputChannels: number }[];
  AudioIO(options: { readonly outOptions: object }): Writable & { start(): void };
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

process.chdir(tmpdir()); // naudiodon's crash handler writes crash.log where it stands
const sampleRate = Number(process.argv[2]);
const naudiodon = await load();
if (naudiodon.getDevices().every((device) => device.maxOutputChannels === 0))
  fail('PortAudio finds no output device');
const framesPerBuffer = Math.round(sampleRate / BUFFERS_PER_SECOND);
const loudspeaker = naudiodon.AudioIO({
  outOptions: {
    deviceId: DEFAULT_DEVICE,
    channelCount: 1,
    sampleFormat: naudiodon.SampleFormat16Bit,
    sampleRate,
    framesPerBuffer,
    highwaterMark: framesPerBuffer * 2,
    maxQueue: 3,
    closeOnError: true,
  },
});
loudspeaker.on('error', (error: Error) => fail(error.message));
loudspeaker.on('finished', () => process.exit(0));
process.stdin.pipe(loudspeaker);
loudspeaker.start();
