/** `  Duration: 00:00:05.02, start: …`: of the file, from its header or its last time. */
const DURATION = /^\[info\]\s+Duration: (\d+):(\d\d):(\d\d\.\d+),/u;
const STREAM = /^\[info\]\s+Stream #0:\d+/u;
/** What is not sound, and no part of the file's length. */
const COVER = /\(attached pic\)/u;
const ESTIMATED = /Estimating duration from bitrate/u;
/** What follows the words on the input. */
const END_OF_INPUT = /^\[info\] (?:Stream mapping|Output #)/u;

/** How long a file says that its sound is. */
export interface FfmpegClaim {
  /** Takes a line of what ffmpeg says, run with `-loglevel level+info`. */
  line(text: string): void;
  /** Seconds; undefined where the file does not say, where ffmpeg estimates, or where something else than the sound may be as long. */
  readonly seconds: number | undefined;
}

/** Creates a listener for the length that a file's header claims, as ffmpeg tells it. */
export function createFfmpegClaim(): FfmpegClaim {
  let seconds: number | undefined;
  let streams = 0;
  let isEstimate = false;
  let isOver = false;
  return {
    line(text) {
      if (isOver) return;
      isOver = END_OF_INPUT.test(text);
      isEstimate ||= ESTIMATED.test(text);
      if (STREAM.test(text) && !COVER.test(text)) streams++;
      const parts = seconds === undefined ? DURATION.exec(text) : null;
      if (parts !== null)
        seconds = (Number(parts[1]) * 60 + Number(parts[2])) * 60 + Number(parts[3]);
    },
    get seconds() {
      return streams === 1 && !isEstimate ? seconds : undefined;
    },
  };
}
