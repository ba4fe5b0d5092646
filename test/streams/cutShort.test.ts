import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromFile } from '../../src/streams/fromFile.ts';
import { PipelineError } from '../../src/core/errors.ts';
import { SAMPLE_RATE } from '../../src/core/time.ts';
import { program } from '../helpers/require.ts';
import { fixture } from '../helpers/speech.ts';

const folder = mkdtempSync(join(tmpdir(), 'sylstream-'));
const hasFfmpeg = program('ffmpeg');

/** What is read of a file: its seconds, and how that ended. */
async function read(path: string): Promise<{ seconds: number; end: string }> {
  let samples = 0;
  let end = 'whole';
  try {
    await fromFile(path).forEach((chunk) => void (samples += chunk.samples.length));
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    end = error.code;
  }
  return { seconds: samples / SAMPLE_RATE, end };
}

/** The clip in another container, whole and cut where `place` says. */
function encoded(
  name: string,
  args: readonly string[],
  place: (bytes: Buffer) => number,
): { readonly whole: string; readonly cut: string } {
  const whole = join(folder, name);
  const cut = join(folder, `cut-${name}`);
  const from = ['-v', 'error', '-i', fixture('kathleen-a0002.wav')];
  execFileSync('ffmpeg', [...from, ...args, '-y', whole]);
  const bytes = readFileSync(whole);
  writeFileSync(cut, bytes.subarray(0, place(bytes)));
  return { whole, cut };
}

/** The last place before two thirds of the file where a mark stands. */
const lastMark = (mark: string) => (bytes: Buffer) =>
  bytes.lastIndexOf(mark, (bytes.length * 2) / 3, 'latin1');

describe.runIf(hasFfmpeg)('a file that is cut where no decoder sees it', () => {
  const cases = [
    ['between Ogg pages', 'a.ogg', ['-page_duration', '200000'], lastMark('OggS')],
    ['between Ogg pages of Opus', 'a.opus', ['-page_duration', '200000'], lastMark('OggS')],
    ['within the last Ogg page', 'b.ogg', [], (bytes: Buffer) => bytes.length - 10],
    ['between FLAC frames', 'a.flac', ['-frame_size', '1024'], lastMark('\xff\xf8')],
    ['between samples of AIFF', 'a.aiff', [], (bytes: Buffer) => (bytes.length >> 2) * 2],
    ['between WebM clusters', 'a.webm', ['-cluster_time_limit', '400'], lastMark('\x1f\x43\xb6\x75')], // prettier-ignore
  ] as const;

  it.each(cases)('%s is read to the cut, and told', async (_where, name, args, place) => {
    const { whole, cut } = encoded(name, args, place);
    const right = await read(whole);
    expect(right).toMatchObject({ end: 'whole' });
    const short = await read(cut);
    expect(short.end).toMatch(/^SYLSTREAM_ERR_(AUDIO_CUT|FFMPEG_FAILED)$/u);
    expect(short.seconds).toBeLessThanOrEqual(right.seconds);
    expect(short.seconds).toBeGreaterThan(0.3 * right.seconds);
  });

  it('is not taken for a film whose pictures are longer than its sound', async () => {
    const path = join(folder, 'film.mkv');
    const picture = ['-f', 'lavfi', '-i', 'color=size=16x16:rate=5:duration=8'];
    const sound = ['-i', fixture('kathleen-a0002.wav')];
    execFileSync('ffmpeg', ['-v', 'error', ...picture, ...sound, '-y', path]);
    expect(await read(path)).toMatchObject({ end: 'whole' });
  });

  it('is not taken for several Ogg files that follow each other', async () => {
    const { whole } = encoded('one.ogg', [], (bytes) => bytes.length);
    const path = join(folder, 'two.ogg');
    writeFileSync(path, Buffer.concat([readFileSync(whole), readFileSync(whole)]));
    expect(await read(path)).toMatchObject({ end: 'whole' });
  });
});
