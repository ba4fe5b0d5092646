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

/** Whether a rate is one that `resample()` takes. */
export function isSampleRate(hz: number): boolean {
  return Number.isInteger(hz) && hz >= MIN_SAMPLE_RATE && hz <= MAX_SAMPLE_RATE;
}

/** Whether a number of channels is one that `resample()` takes. */
export function isChannelCount(channels: number): boolean {
  return Number.isInteger(channels) && channels >= 1 && channels <= MAX_CHANNELS;
}

/** Throws `TypeError` or `RangeError`, naming the option, the rule and the value, for a format that is not taken. */
export function checkAudioFormat(format: AudioFormat): void {
  checkNumber('sampleRate', format.sampleRate, isSampleRate, '8000 to 192000 (Hz)');
  checkNumber('channels', format.channels, isChannelCount, '1 to 6');
  checkChannel(format.channel, format.channels);
}

/** Throws `TypeError` or `RangeError` for a channel to listen to that is not one of `channels`; undefined is fine. */
export function checkChannel(channel: number | undefined, channels: number = Infinity): void {
  if (channel === undefined) return;
  const isOne = (n: number): boolean => Number.isInteger(n) && n >= 1 && n <= channels;
  checkNumber('channel', channel, isOne, channels === Infinity ? '1 on' : `1 to ${channels}`);
}

function checkNumber(
  name: string,
  value: number,
  allowed: (value: number) => boolean,
  range: string,
): void {
  if (typeof value !== 'number') {
    throw new TypeError(`${name} must be a number, got ${typeof value}`);
  }
  if (!allowed(value))
    throw new RangeError(`${name} must be a whole number from ${range}, got ${value}`);
}
