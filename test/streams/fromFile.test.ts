import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { fileFormat } from '../../src/streams/openFile.ts';
import { encodeS16le } from '../../src/audio/pcm.ts';
import { wavHeader } from '../../src/audio/wavWriter.ts';
import { fromFile } from '../../src/streams/fromFile.ts';
import { play, temporaryPath } from '../helpers/recording.ts';
import { program, shared } from '../helpers/require.ts';
import { clipSamples, fixture } from '../helpers/speech.ts';
import { formatBody, riff, riffChunk } from '../helpers/wav.ts';

const hasFfmpeg = program('ffmpeg');
const speech = clipSamples('kathleen-a0004');

function convert(name: string, ...options: string[]): string {
  const path = temporaryPath(name);
  const input = fixture('kathleen-a0004.wav');
  execFileSync('ffmpeg', ['-v', 'error', '-i', input, ...options, `file:${path}`]);
  return path;
}

/** Normalised correlation at no lag: 1 for the same but for a factor. */
function correlation(a: Float32Array, b: Float32Array): number {
  let [product, left, right] = [0, 0, 0];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    product += a[i] * b[i];
    left += a[i] ** 2;
    right += b[i] ** 2;
  }
  return product / Math.sqrt(left * right);
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

  it.runIf(hasFfmpeg).each([
    ['ADPCM', 'adpcm.wav', ['-c:a', 'adpcm_ms'], 16_000, 1],
    ['IMA ADPCM', 'ima.wav', ['-c:a', 'adpcm_ima_wav'], 16_000, 1],
    ['G.722', 'g722.wav', ['-c:a', 'g722'], 16_000, 1],
    ['7,350 Hz', 'slow.wav', ['-ar', '7350'], 7_350, 1],
    ['384,000 Hz', 'fast.wav', ['-ar', '384000'], 384_000, 1],
    ['384,000 Hz in FLAC', 'fast.flac', ['-ar', '384000'], 384_000, 1],
    [
      '8 channels',
      'eight.wav',
      ['-af', 'pan=7.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0|SL=c0|SR=c0'],
      16_000,
      8,
    ],
    [
      '8 channels in FLAC',
      'eight.flac',
      ['-af', 'pan=7.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0|SL=c0|SR=c0'],
      16_000,
      8,
    ],
  ] as const)(
    'lets ffmpeg read %s, which the WAV reader does not',
    async (_, name, options, sampleRate, channels) => {
      // prettier-ignore
      const path = convert(name, ...options);
      const { samples, error } = await play(fromFile(path));
      expect(error).toBeUndefined();
      expect(Math.abs(samples.length - speech.length)).toBeLessThan(1100); // blocks of ADPCM are whole
      const late = name === 'g722.wav' ? 22 : 0; // the codec's own delay, in no header
      expect(correlation(samples.subarray(late), speech)).toBeGreaterThan(0.95);
      expect(await fileFormat(path, {})).toMatchObject({ sampleRate, channels });
    },
  );

  it('names ffmpeg, and why it is wanted, when it is missing for a WAV file', async () => {
    expect(
      (await play(fromFile(fixture('wav/adpcm.wav'), { ffmpeg: 'no-such-program' }))).error,
    ).toMatchObject({
      code: 'SYLSTREAM_ERR_FFMPEG_MISSING',
      message: expect.stringContaining('got WAV format 2 with 4 bits'),
    });
  });

  it('does not ask ffmpeg about a header that contradicts itself', async () => {
    const path = temporaryPath('odd.wav');
    const body = formatBody({ blockBytes: 6, secondBytes: 5 });
    writeFileSync(path, riff([riffChunk('fmt ', body), riffChunk('data', Buffer.alloc(9000))]));
    expect((await play(fromFile(path))).error).toMatchObject({ code: 'SYLSTREAM_ERR_WAV_HEADER' });
  });

  it.runIf(hasFfmpeg).each([
    ['mp3', /Header missing|not match/u],
    ['m4a', /partial file/u],
    ['mka', /prematurely/u],
    ['flac', /invalid|Error while decoding/u],
  ])('tells that a %s file is cut, after all that could be read', async (kind, words) => {
    const start = kind === 'm4a' ? ['-movflags', 'faststart'] : [];
    const whole = readFileSync(convert(`speech.${kind}`, ...start));
    const path = temporaryPath(`cut.${kind}`);
    writeFileSync(path, whole.subarray(0, Math.floor(whole.length * 0.7)));
    const { samples, error } = await play(fromFile(path));
    expect(samples.length).toBeGreaterThan(speech.length / 3);
    expect(correlation(samples, speech.subarray(0, samples.length))).toBeGreaterThan(0.9);
    expect(error).toMatchObject({
      code: 'SYLSTREAM_ERR_FFMPEG_FAILED',
      message: expect.stringMatching(/; what could be read was used/u),
    });
    expect(String(error)).toMatch(words);
  });

  it.runIf(hasFfmpeg).each(['ogg', 'opus', 'webm', 'm4a'])(
    'tells of bytes that were damaged in the middle of a %s file',
    async (kind) => {
      const bytes = readFileSync(convert(`speech.${kind}`));
      const middle = bytes.length >> 1;
      bytes.fill(0x5a, middle, middle + 300);
      const path = temporaryPath(`damaged.${kind}`);
      writeFileSync(path, bytes);
      const { samples, error } = await play(fromFile(path));
      expect(samples.length).toBeGreaterThan(speech.length / 3);
      expect(error).toMatchObject({ code: 'SYLSTREAM_ERR_FFMPEG_FAILED' });
    },
  );

  it.runIf(hasFfmpeg)('does not mind that the pictures of a film begin in mid-scene', async () => {
    const film = temporaryPath('film.ts');
    const pictures = ['-f', 'lavfi', '-i', 'testsrc=d=6:s=160x120:r=25'];
    const sound = ['-i', fixture('kathleen-a0004.wav'), '-c:v', 'mpeg2video', '-c:a', 'mp2', '-ar', '16000']; // prettier-ignore
    execFileSync('ffmpeg', ['-v', 'error', ...pictures, ...sound, film]);
    const bytes = readFileSync(film);
    writeFileSync(film, bytes.subarray(188 * 300));
    const probing = spawnSync('ffmpeg', ['-v', 'error', '-i', film, '-map', '0:a:0', '-f', 'null', '-']); // prettier-ignore
    expect(String(probing.stderr)).toContain('mpeg2video');
    const { samples, error } = await play(fromFile(film));
    expect(error).toBeUndefined();
    expect(samples.length).toBeGreaterThan(4000);
  });

  const film = shared('cases/audio_starts_4s.mp4');
  it.runIf(hasFfmpeg && film !== undefined)('gives a film the film’s times', async () => {
    const { samples, error } = await play(fromFile(film!));
    expect(error).toBeUndefined();
    expect(samples.findIndex((sample) => Math.abs(sample) > 0.01)).toBeGreaterThan(64_000);
    expect(samples.subarray(0, 63_000).every((sample) => sample === 0)).toBe(true);
  });

  it.runIf(hasFfmpeg)('keeps the place of what comes behind a gap in a container', async () => {
    const gap = "aselect='not(between(t,0.8,1.8))'";
    const path = convert('gap.mka', '-af', gap, '-c:a', 'flac');
    const { samples, error } = await play(fromFile(path));
    expect(error).toBeUndefined();
    expect(samples.length).toBe(speech.length);
    expect(samples.subarray(32_000, 40_000)).toEqual(speech.subarray(32_000, 40_000));
  });

  it.runIf(hasFfmpeg)(
    'leaves the beginning alone where a container holds an encoder’s delay',
    async () => {
      const { samples } = await play(fromFile(convert('speech.webm')));
      expect(Math.abs(samples.length - speech.length)).toBeLessThanOrEqual(1);
      expect(correlation(samples, speech)).toBeGreaterThan(0.95);
    },
  );

  describe('with a channel', () => {
    const sides = (): string => {
      const path = temporaryPath('sides.wav');
      const interleaved = new Float32Array(2 * speech.length);
      speech.forEach((sample, i) => (interleaved[2 * i + 1] = sample));
      const header = wavHeader({ sampleRate: 16_000, channels: 2 }, 4 * speech.length);
      writeFileSync(path, Buffer.concat([header, encodeS16le(interleaved)]));
      return path;
    };

    it('listens to that one alone', async () => {
      expect((await play(fromFile(sides(), { channel: 2 }))).samples).toEqual(speech);
      const silence = await play(fromFile(sides(), { channel: 1 }));
      expect(silence.samples).toEqual(new Float32Array(speech.length));
    });

    it.runIf(hasFfmpeg).each(['flac', 'mka'])('does so through ffmpeg: %s', async (kind) => {
      const path = temporaryPath(`sides.${kind}`);
      execFileSync('ffmpeg', ['-v', 'error', '-i', sides(), '-c:a', 'flac', path]);
      expect((await play(fromFile(path, { channel: 2 }))).samples).toEqual(speech);
    });

    it.runIf(hasFfmpeg)('takes one of ten', async () => {
      const path = temporaryPath('ten.wav');
      const interleaved = new Float32Array(10 * speech.length);
      speech.forEach((sample, i) => (interleaved[10 * i + 9] = sample));
      const fmt = riffChunk('fmt ', formatBody({ channels: 10 }));
      writeFileSync(path, riff([fmt, riffChunk('data', encodeS16le(interleaved))]));
      expect((await play(fromFile(path, { channel: 10 }))).samples).toEqual(speech);
      expect((await play(fromFile(path, { channel: 11 }))).error).toMatchObject({
        code: 'SYLSTREAM_ERR_AUDIO_FORMAT',
      });
    });

    it('refuses one that is not there, and one that cannot be', async () => {
      expect((await play(fromFile(sides(), { channel: 3 }))).error).toMatchObject({
        code: 'SYLSTREAM_ERR_AUDIO_FORMAT',
        message: 'expected channel 3, got a recording of 2; name one from 1 to 2',
      });
      expect(() => fromFile('x.wav', { channel: 0 })).toThrow(RangeError);
    });
  });

  it('takes declared raw samples, and a WAV file for what it is all the same', async () => {
    const raw = { encoding: 's16be', sampleRate: 16_000, channels: 1 } as const;
    const path = temporaryPath('speech.raw');
    writeFileSync(path, encodeS16le(speech).toReversed());
    expect((await play(fromFile(path, { raw }))).samples).toEqual(speech.toReversed());
    const wav = fixture('kathleen-a0004.wav');
    expect((await play(fromFile(wav, { raw }))).samples).toEqual(speech);
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
    expect(samples).toEqual(speech.subarray(0, 10_000));
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
