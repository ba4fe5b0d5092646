import { createFfmpegClaim } from './ffmpegClaim.ts';

/** Lines that are kept of what ffmpeg says, each once. */
const MAX_LINES = 8;
const MAX_LINE_LENGTH = 200;
/** Codecs of pictures, subtitles and data that are remembered. */
const MAX_CODECS = 64;
/**
 * What ffmpeg only warns of, though audio is missing: libavformat's mp3dec.c (a file a sixteenth shorter than its first
 * frame says) and ffmpeg's own word on packets that a demuxer found cut. It has no codes to go by.
 */
const WARNINGS_OF_DAMAGE = /filesize and duration do not match|corrupt input packet in stream/u;
/** `[flac @ 0x55d3] [error] words`: who (libraries only), how grave, what. */
const LINE = /^(?:\[(\w[^\]]*?) @ [^\]]*\] )*\[(\w+)\] (.*)$/u;
const PICTURE = /^\[info\]\s+Stream #\d+:\d+[^ ]*: (?:Video|Subtitle|Data|Attachment): (\w+)/u;

/** What ffmpeg said on standard error, run with `-loglevel repeat+level+info`. */
export interface FfmpegWords {
  /** Takes a piece of text, cut anywhere. */
  hear(text: string): void;
  /**
   * Errors, and warnings of damage, in one line; empty when there were none that concern the sound. After a failure also
   * what has no level: a shell's or a loader's words.
   */
  damage(failed: boolean): string;
  /** How many seconds of sound the file says it has (`ffmpegClaim.ts`). */
  readonly claimed: number | undefined;
}

/**
 * Creates a listener for ffmpeg's words. ffmpeg ends with status 0 however much it could not read; only its words tell. It
 * also decodes the pictures of a film a little to know them, and complains of those that begin in mid-scene: such lines are
 * left out.
 */
export function createFfmpegWords(): FfmpegWords {
  const said: { readonly by: string; readonly text: string }[] = [];
  const plain: string[] = [];
  const silent = new Set<string>();
  const claim = createFfmpegClaim();
  let rest = '';

  function takeLine(line: string): void {
    claim.line(line);
    const picture = PICTURE.exec(line);
    if (picture !== null && silent.size < MAX_CODECS) silent.add(picture[1]);
    const parts = LINE.exec(line);
    if (parts === null) {
      if (plain.length < MAX_LINES && line.trim() !== '')
        plain.push(line.slice(0, MAX_LINE_LENGTH));
      return;
    }
    if (said.length >= MAX_LINES * 4) return;
    const [, by = '', level, words] = parts;
    const isError = ['error', 'fatal', 'panic'].includes(level);
    if (!isError && !(level === 'warning' && WARNINGS_OF_DAMAGE.test(words))) return;
    const text = (by === '' ? words : `[${by}] ${words}`).slice(0, MAX_LINE_LENGTH).trim();
    if (text !== '' && !said.some((one) => one.text === text)) said.push({ by, text });
  }

  return {
    hear(text) {
      const lines = (rest + text).split(/\r?\n/u);
      rest = (lines.pop() ?? '').slice(-4 * MAX_LINE_LENGTH);
      for (const line of lines) takeLine(line);
    },
    damage(failed) {
      if (rest !== '') takeLine(rest);
      rest = '';
      const sound = said.filter(({ by }) => !silent.has(by));
      if (failed && sound.length === 0) return plain.map((line) => line.trim()).join('; ');
      const more = sound.length > MAX_LINES ? ['…'] : [];
      return [...sound.slice(0, MAX_LINES).map(({ text }) => text), ...more].join('; ');
    },
    get claimed() {
      return claim.seconds;
    },
  };
}
