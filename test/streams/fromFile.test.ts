import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { fromFile } from '../../src/streams/fromFile.ts';
import { play, temporaryPath } from '../helpers/recording.ts';
import { program } from '../helpers/require.ts';
import { clipSamples, fixture } from '../helpers/speech.ts';

const hasFfmpeg = program('ffmpeg');
const speech = clipSamples('kathleen-a0004');

function convert(name: string, ...options: string[]): string {
  const path = temporaryPath(name);
  const input = fixture('kathleen-a0004.wav');
  execFileSync('ffmpeg', ['-v', 'error', '-i', input, ...options, `file:${path}`]);
  return path;
}

/** A program that takes ffmpeg's place and does what the shell lines say. */
function standIn(...lines: string[]): string {
  const path = temporaryPath('stand-in');
  writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'));
  chmodSync(path, 0o755);
  return path;
}

describe('fromFile', () => {
  it('reads a WAV file by itself, whatever its name', async () => {
    const path = temporaryPath('speech.bin');
    copyFileSync(fixture('kathleen-a0004.wav'), path);
    const { samples, error } = await play(fromFile(path, { ffmpeg: 'no-such-program' }));
    expect(error).toBeUndefined();
    expect(samples).toEqual(speech);
  });

  it.runIf(hasFfmpeg)('reads FLAC bit for bit through ffmpeg', async () => {
    const { samples, error } = await play(fromFile(convert('speech.flac')));
    expect(error).toBeUndefined();
    expect(samples).toEqual(speech);
  });

  it.runIf(hasFfmpeg)('reads stereo at 44.1 kHz through ffmpeg and resamples it', async () => {
    const { samples, error } = await play(
      fromFile(convert('speech.flac', '-ar', '44100', '-af', 'pan=stereo|c0=c0|c1=c0')),
    );
    expect(error).toBeUndefined();
    expect(Math.abs(samples.length - speech.length)).toBeLessThanOrEqual(2);
    let difference = 0;
    let energy = 0;
    for (let i = 500; i < 41_000; i++) {
      difference += (samples[i] - speech[i]) ** 2;
      energy += speech[i] ** 2;
    }
    // There and back: 16-bit rounding and what both filters take off above 7 kHz.
    expect(10 * Math.log10(difference / energy)).toBeLessThan(-30);
  });

  it.runIf(hasFfmpeg)('reads a file whose name looks like an option or an address', async () => {
    const path = convert('-loglevel.flac');
    const cwd = process.cwd();
    try {
      process.chdir(path.replace(/\/[^/]*$/u, ''));
      expect((await play(fromFile('-loglevel.flac'))).samples).toEqual(speech);
    } finally {
      process.chdir(cwd);
    }
  });

  it.runIf(hasFfmpeg)('tells what ffmpeg said of a file that is no audio', async () => {
    const path = temporaryPath('letter.txt');
    writeFileSync(path, 'Dear Sir or Madam, this is not a recording.');
    expect((await play(fromFile(path))).error).toMatchObject({
      code: 'SYLSTREAM_ERR_FFMPEG_FAILED',
      message: expect.stringMatching(
        /^expected audio in .*letter\.txt that ffmpeg can read, got: .*Invalid data/u,
      ),
    });
  });

  it.runIf(hasFfmpeg)('does not follow a play-list to the network', async () => {
    const path = temporaryPath('list.m3u8');
    writeFileSync(
      path,
      '#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n',
    );
    const { samples, error } = await play(fromFile(path));
    expect(samples).toHaveLength(0);
    expect(error).toMatchObject({ code: 'SYLSTREAM_ERR_FFMPEG_FAILED' });
  });

  it('names ffmpeg when it is missing', async () => {
    const path = temporaryPath('speech.mp3');
    writeFileSync(path, Buffer.from('ID3 and so on, no WAV'));
    expect((await play(fromFile(path, { ffmpeg: 'no-such-program' }))).error).toMatchObject({
      code: 'SYLSTREAM_ERR_FFMPEG_MISSING',
      message:
        `expected the program no-such-program to read ${path}, which is no WAV file, got ENOENT; ` +
        'install ffmpeg, or convert the file to WAV elsewhere',
    });
  });

  it('names a missing file and an empty one before it looks for ffmpeg', async () => {
    const path = temporaryPath('speech.mp3');
    const missing = await play(fromFile(path, { ffmpeg: 'no-such-program' }));
    expect(missing.error).toMatchObject({ code: 'SYLSTREAM_ERR_FILE_READ' });
    writeFileSync(path, '');
    const empty = await play(fromFile(path, { ffmpeg: 'no-such-program' }));
    expect(empty.error).toMatchObject({
      code: 'SYLSTREAM_ERR_AUDIO_EMPTY',
      message: expect.stringContaining(path),
    });
  });

  it('gives what came before ffmpeg broke down, then the error', async () => {
    const path = temporaryPath('speech.mp3');
    writeFileSync(path, 'anything but a WAV file');
    const ffmpeg = standIn(
      `head -c 20044 '${fixture('kathleen-a0004.wav')}'`,
      'echo out of luck >&2',
      'exit 3',
    );
    const { samples, error } = await play(fromFile(path, { ffmpeg }));
    expect(samples).toEqual(speech.subarray(0, 9600));
    expect(error).toMatchObject({
      code: 'SYLSTREAM_ERR_FFMPEG_FAILED',
      message: expect.stringContaining('out of luck'),
    });
  });

  it('kills ffmpeg when unsubscribed', async () => {
    const path = temporaryPath('speech.mp3');
    writeFileSync(path, 'anything but a WAV file');
    const pidFile = temporaryPath('pid');
    const ffmpeg = standIn(
      `echo $$ > '${pidFile}.new'`,
      `mv '${pidFile}.new' '${pidFile}'`,
      'exec sleep 600',
    );
    const subscription = fromFile(path, { ffmpeg }).subscribe();
    await vi.waitFor(() => expect(existsSync(pidFile)).toBe(true), { timeout: 10_000 });
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(process.kill(pid, 0)).toBe(true);
    subscription.unsubscribe();
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), {
      timeout: 10_000,
    });
  });
});
