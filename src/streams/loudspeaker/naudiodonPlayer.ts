/**
 * The process that naudiodon plays in: `node naudiodonPlayer.js RATE` plays s16le mono PCM from standard input, to its end. As in
 * `../microphone/naudiodonChild.ts`, a native module that crashes ends the sound here, not the program.
 */
import { DEFAULT_DEVICE, fail, monoOptions, openNaudiodon } from '../../core/naudiodon.ts';

const naudiodon = await openNaudiodon();
if (naudiodon.getDevices().every((device) => device.maxOutputChannels === 0))
  fail('PortAudio finds no output device');
const options = monoOptions(naudiodon, Number(process.argv[2]));
const loudspeaker = naudiodon.AudioIO({
  outOptions: { ...options, deviceId: DEFAULT_DEVICE, maxQueue: 3 },
});
loudspeaker.on('error', (error: Error) => fail(error.message));
loudspeaker.on('finished', () => process.exit(0));
process.stdin.pipe(loudspeaker);
loudspeaker.start();
