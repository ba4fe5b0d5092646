import { checkNumber, saying, whole } from '../core/check.ts';

/** The lowest and highest sample rate taken, in Hz (telephone to studio). */
export const MIN_SAMPLE_RATE = 8_000;
export const MAX_SAMPLE_RATE = 192_000;
/** The most channels taken: 5.1. */
export const MAX_CHANNELS = 6;

/** How the samples of a stream come. */
export interface AudioFormat {
  /** Samples a second and channel, a whole number from 8,000 to 192,000. */
  readonly sampleRate: number;
  /** Interleaved channels, 1 to 6. */
  readonly channels: number;
  /** The one to listen to, 1 to `channels`. Default: the mean of all. */
  readonly channel?: number | undefined;
}

const SAMPLE_RATES = whole(MIN_SAMPLE_RATE, MAX_SAMPLE_RATE);
const CHANNELS = whole(1, MAX_CHANNELS);

/** Whether a rate is one that `resample()` takes. */
export function isSampleRate(hz: number): boolean {
  return SAMPLE_RATES.holds(hz);
}

/** Whether a number of channels is one that `resample()` takes. */
export function isChannelCount(channels: number): boolean {
  return CHANNELS.holds(channels);
}

/** Throws `TypeError` or `RangeError`, naming the option, the rule and the value, for a format that is not taken. */
export function checkAudioFormat(format: AudioFormat): void {
  checkNumber('sampleRate', format.sampleRate, saying(SAMPLE_RATES, `${SAMPLE_RATES.says} (Hz)`));
  checkNumber('channels', format.channels, CHANNELS);
  checkChannel(format.channel, format.channels);
}

/** Throws `TypeError` or `RangeError` for a channel to listen to that is not one of `channels`; undefined is fine. */
export function checkChannel(channel: number | undefined, channels: number = Infinity): void {
  if (channel !== undefined) checkNumber('channel', channel, whole(1, channels));
}
