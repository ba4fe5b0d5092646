/**
 * The process that naudiodon lives in: `node naudiodonChild.js RATE [DEVICE]` writes s16le mono PCM to file
 * descriptor 3 (naudiodon itself prints on standard output). PortAudio aborts its process where the sound system is set up badly, and a native module may crash: here
 * that ends a recording, not the program. Ends by itself when its standard input closes, thus with its parent.
 */
import { Socket } from 'node:net';
import {
  DEFAULT_DEVICE,
  fail,
  monoOptions,
  openNaudiodon,
  type Naudiodon,
} from '../../core/naudiodon.ts';

function deviceId(naudiodon: Naudiodon, wanted: string | undefined): number {
  const inputs = naudiodon.getDevices().filter((device) => device.maxInputChannels > 0);
  if (inputs.length === 0) fail('PortAudio finds no input device');
  if (wanted === undefined) return DEFAULT_DEVICE;
  const found = inputs.find((device) => device.name === wanted);
  const names = inputs.map((device) => `"${device.name}"`).join(', ');
  return found?.id ?? fail(`PortAudio finds no input device "${wanted}", but ${names}`);
}

process.stdin.on('close', () => process.exit(0)).resume();
const pcm = new Socket({ fd: 3, readable: false, writable: true });
pcm.on('error', () => process.exit(0));
const [rate, device] = process.argv.slice(2);
const naudiodon = await openNaudiodon();
const options = monoOptions(naudiodon, Number(rate));
const microphone = naudiodon.AudioIO({
  inOptions: { ...options, deviceId: deviceId(naudiodon, device), maxQueue: 100 },
});
microphone.on('error', (error: Error) => fail(error.message));
microphone.pipe(pcm);
microphone.start();
