import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeS16le } from '../../src/audio/pcm.ts';
import type { Unit } from '../../src/core/types.ts';
import { type CliResult, ENGINE, jsonLines, sylstream } from '../helpers/cli.ts';
import { program, shared } from '../helpers/require.ts';
import { clipSamples, fixture } from '../helpers/speech.ts';
import { formatBody, riff, riffChunk } from '../helpers/wav.ts';

const folder = mkdtempSync(join(tmpdir(), 'sylstream-'));
const speech = clipSamples('kathleen-a0002');
const SPEECH = fixture('kathleen-a0002.wav');
const hasFfmpeg = program('ffmpeg');
const inCase = (name: string): string | undefined => shared(`cases/${name}`);

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function tokenize(args: readonly string[], input?: Uint8Array): Promise<CliResult> {
  return sylstream(['tokenize', ...ENGINE, ...args], input === undefined ? {} : { input });
}

describe('recordings whose header is wrong are read right', () => {
  const [block, rifx] = ['blockalign4.wav', 'rifx.wav'].map(inCase);

  it.runIf(block !== undefined && rifx !== undefined)(
    'a block align that contradicts the rest, and big-endian RIFX',
    async () => {
      const bytes = readFileSync(block!);
      bytes.writeUInt16LE(2, 32);
      const right = await tokenize([file('right.wav', bytes)]);
      expect(right).toMatchObject({ status: 0, stderr: '' });
      for (const path of [block!, rifx!]) expect(await tokenize([path])).toEqual(right);
    },
  );

  it.runIf(hasFfmpeg)('compressed WAV files, through ffmpeg', async () => {
    for (const path of [inCase('gsm610.wav'), inCase('mp3_in_wav.wav')]) {
      if (path === undefined) continue;
      const { status, stderr, stdout } = await tokenize([path]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(jsonLines<Unit>(stdout).length).toBeGreaterThan(3);
    }
  });

  it('a data size of 0, with a warning', async () => {
    const right = await tokenize([SPEECH]);
    const path = file(
      'zero.wav',
      riff([riffChunk('fmt ', formatBody({})), riffChunk('data', encodeS16le(speech), 0)]),
    );
    const { status, stdout, stderr } = await tokenize([path]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: right.stdout });
    expect(stderr).toMatch(/^warning: SYLSTREAM_ERR_WAV_SIZE [^\n]*zero\.wav: [^\n]+\n$/u);
  });
});

describe('recordings that are damaged give what could be read, the decoder’s words, and status 3', () => {
  const names = ['corrupt.ogg', 'cut.flac'];
  it.runIf(hasFfmpeg && names.every((name) => inCase(name) !== undefined)).each(names)(
    '%s',
    async (name) => {
      const { status, stdout, stderr } = await tokenize([inCase(name)!]);
      expect(status).toBe(3);
      expect(jsonLines<Unit>(stdout).length).toBeGreaterThan(3);
      expect(stderr).toMatch(/^SYLSTREAM_ERR_FFMPEG_FAILED [^\n]+\n$/u);
      expect(stderr).toMatch(name === 'cut.flac' ? /invalid residual/u : /CRC mismatch/u);
    },
  );

  it.runIf(hasFfmpeg)('an Ogg file that is cut between two pages', async () => {
    const whole = join(folder, 'whole.ogg');
    execFileSync('ffmpeg', ['-v', 'error', '-i', SPEECH, '-page_duration', '200000', whole]);
    const right = await tokenize([whole]);
    expect(right).toMatchObject({ status: 0, stderr: '' });
    const bytes = readFileSync(whole);
    const cut = bytes.subarray(0, bytes.lastIndexOf('OggS'));
    const { status, stdout, stderr } = await tokenize([file('open.ogg', cut)]);
    expect(status).toBe(3);
    expect(stderr).toMatch(/^SYLSTREAM_ERR_AUDIO_CUT [^\n]*open\.ogg[^\n]+\n$/u);
    expect(right.stdout).toContain(stdout.split('\n').slice(0, 3).join('\n'));
  });
});

describe('raw samples', () => {
  it('declared of a WAV file leave its header in force, from a file as from standard input', async () => {
    const right = await tokenize([SPEECH]);
    const declared = ['--input-format', 's16le', '--sample-rate', '8000'];
    expect(await tokenize([SPEECH, ...declared])).toEqual(right);
    expect(await tokenize(['-', ...declared], readFileSync(SPEECH))).toEqual(right);
  });

  it('in another byte order are told, and read right by their name', async () => {
    const path = file('swapped.raw', Buffer.from(encodeS16le(speech)).swap16());
    const wrong = await tokenize([path, '--input-format', 's16le']);
    expect(wrong.status).toBe(0);
    expect(wrong.stderr).toMatch(
      /^warning: SYLSTREAM_ERR_AUDIO_SUSPECT [^\n]*swapped\.raw: [^\n]*byte order[^\n]*\n/u,
    );
    const right = await tokenize([SPEECH]);
    expect(await tokenize([path, '--input-format', 's16be'])).toEqual(right);
  });

  it('at the scale of integers are told', async () => {
    const scaled = speech.map((sample) => sample * 32_768);
    const path = file('scaled.f32', new Uint8Array(scaled.buffer));
    const { status, stderr } = await tokenize([path, '--input-format', 'f32le']);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^warning: SYLSTREAM_ERR_AUDIO_SUSPECT [^\n]*scale of integers/u);
  });
});

describe('a channel', () => {
  const interleaved = Float32Array.from({ length: 2 * speech.length }, (_, i) =>
    i % 2 === 0 ? -speech[i >> 1] : speech[i >> 1],
  );
  const fmt = riffChunk('fmt ', formatBody({ channels: 2 }));
  const bytes = riff([fmt, riffChunk('data', encodeS16le(interleaved))]);

  it('is listened to alone; both in anti-phase are told', async () => {
    const path = file('opposite.wav', bytes);
    const right = await tokenize([SPEECH]);
    expect(await tokenize([path, '--channel', '2'])).toEqual(right);
    expect(await tokenize(['-', '--channel', '2'], bytes)).toEqual(right);
    const both = await tokenize([path]);
    expect(both.status).toBe(0);
    expect(both.stderr).toContain('anti-phase');
    const third = await tokenize([path, '--channel', '3']);
    expect(third.status).toBe(3);
    expect(third.stderr).toMatch(/^SYLSTREAM_ERR_AUDIO_FORMAT [^\n]*from 1 to 2\n$/u);
  });
});

describe('--channel each', { timeout: 180_000 }, () => {
  const other = clipSamples('kathleen-a0004');
  const length = Math.max(speech.length, other.length);
  const sides = Float32Array.from({ length: 2 * length }, (_, i) => (i % 2 ? other : speech)[i >> 1] ?? 0); // prettier-ignore
  const fmt = riffChunk('fmt ', formatBody({ channels: 2 }));
  const bytes = riff([fmt, riffChunk('data', encodeS16le(sides))]);
  const path = file('call.wav', bytes);
  const alone = async (channel: number): Promise<Unit[]> =>
    jsonLines<Unit>((await tokenize([path, '--channel', String(channel)])).stdout);

  it('gives a stream of units a channel, as each alone would', async () => {
    const { status, stderr, stdout } = await tokenize([path, '--channel', 'each']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [one, two] = [await alone(1), await alone(2)];
    expect(jsonLines(stdout)).toEqual([
      ...one.map((unit) => ({ channel: 1, ...unit })),
      ...two.map((unit) => ({ channel: 2, ...unit })),
    ]);
    expect(one.map(({ id }) => id)).not.toEqual(two.map(({ id }) => id));
  });

  it('has a column, lines, and tiers for them', async () => {
    const [one, two] = [await alone(1), await alone(2)];
    const table = await tokenize([path, path, '--channel', 'each', '--format', 'csv']);
    const rows = table.stdout
      .trim()
      .split('\r\n')
      .map((row) => row.split(','));
    expect(rows[0].slice(0, 4)).toEqual(['file', 'channel', 'index', 'id']);
    const numbers = rows.slice(1).map((row) => row[1]);
    const once = [...one.map(() => '1'), ...two.map(() => '2')];
    expect(numbers).toEqual([...once, ...once]);

    const text = await tokenize([path, '--channel', 'each', '--text']);
    const ids = (units: readonly Unit[]): string => `${units.map(({ id }) => id).join(' ')}\n`;
    expect(text.stdout).toBe(ids(one) + ids(two));

    const grid = await tokenize([path, '--channel', 'each', '--format', 'textgrid']);
    const tiers = [...grid.stdout.matchAll(/name = "(.*)"/gu)].map((match) => match[1]);
    expect(tiers).toEqual([
      'units 1', 'confidence 1', 'boundaries 1', 'units 2', 'confidence 2', 'boundaries 2', 'sylstream',
    ]); // prettier-ignore

    const npy = join(folder, 'call.npy');
    await tokenize([path, '--channel', 'each', '--output', npy]);
    expect(readFileSync(npy).toString('latin1')).toContain(`('channel', '<i4')], 'fortran_order': False, 'shape': (${one.length + two.length},)`); // prettier-ignore
    expect(readFileSync(npy).readInt32LE(readFileSync(npy).length - 4)).toBe(2);
  });

  it('gives all channels of what is cut, then says so once', async () => {
    const cut = file('cut-call.wav', bytes.subarray(0, 150_000));
    const { status, stderr, stdout } = await tokenize([cut, '--channel', 'each']);
    expect(status).toBe(3);
    expect(stderr).toMatch(/^SYLSTREAM_ERR_WAV_TRUNCATED [^\n]+\n$/u);
    const channels = jsonLines<Unit>(stdout).map(({ channel }) => channel);
    expect(channels).toContain(1);
    expect(channels).toContain(2);
  });

  it('takes raw samples, and refuses what it cannot do for several channels', async () => {
    const raw = file('call.raw', bytes.subarray(44));
    const declared = ['--input-format', 's16le', '--channels', '2', '--channel', 'each'];
    expect(await tokenize([raw, ...declared])).toEqual(await tokenize([path, '--channel', 'each']));
    for (const wrong of [['-'], [path, '--partials'], [path, '--plot', join(folder, 'call.svg')]]) {
      const { status, stderr } = await tokenize([...wrong, '--channel', 'each']);
      expect(status).toBe(2);
      expect(stderr).toContain('--channel each');
    }
  });

  it.runIf(hasFfmpeg)('does so through ffmpeg', async () => {
    const flac = join(folder, 'call.flac');
    execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', path, flac]);
    expect(await tokenize([flac, '--channel', 'each'])).toEqual(
      await tokenize([path, '--channel', 'each']),
    );
  });
});

describe('a recording of nothing but pauses', () => {
  it.runIf(hasFfmpeg)('is told', async () => {
    const path = join(folder, 'silence.flac');
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'anullsrc=r=16000:d=3', path]);
    const { status, stderr } = await sylstream(['tokenize', '--workers', '1', path]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^warning: SYLSTREAM_ERR_AUDIO_SUSPECT [^\n]*of pauses/u);
  });
});
