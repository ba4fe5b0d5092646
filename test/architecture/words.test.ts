import { describe, expect, it } from 'vitest';
import { filesOf, readSource } from '../helpers/sources.ts';

const ROOMS = ['src', 'server', 'web', 'bench', 'bin', 'examples', 'docs', 'test'];
const HERE = 'test/architecture/words.test.ts';
const TEXT = /\.(ts|js|mjs|py|md|yaml|html|css)$/;

/** Words that were used for what comes next, and those that are used by others in another sense. */
const OLD = /guess|ghost|\bstrands?\b|\bbranch(es|ing)?\b|\bgenerations?\b|Generations?\b/i;
const THEIRS = /young ?generation/gi; // V8's own
/** Audio and messages have no frames: those are moments and messages. */
const NOT_MEL = /^(src\/(protocol|client)|server)\//;
const MEL = /frame_hz|2 frames of 10 ms|close frame/g; // the last is RFC 6455's

const files = [...filesOf(ROOMS, TEXT), 'README.md'].filter((file) => file !== HERE);

/** Lines of the files that match, as `file:line text`. */
function found(among: readonly string[], word: RegExp, but: RegExp): string[] {
  return among.flatMap((file) =>
    readSource(file)
      .split('\n')
      .flatMap((line, i) => (word.test(line.replace(but, '')) ? [`${file}:${i + 1} ${line}`] : [])),
  );
}

describe('words', () => {
  it('for what comes next are continuation, hypothesis and predicted unit', () => {
    expect(files.length).toBeGreaterThan(500);
    expect(found(files, OLD, THEIRS)).toEqual([]);
  });

  it('call only log-mel a frame', () => {
    const talk = files.filter((file) => NOT_MEL.test(file));
    expect(found(talk, /frame/i, MEL)).toEqual([]);
  });
});
