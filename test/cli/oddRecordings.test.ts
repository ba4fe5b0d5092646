import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeS16le } from '../../src/dsp/pcm.ts';
import type { Unit } from '../../src/types.ts';
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

describe('a recording of nothing but pauses', () => {
  it.runIf(hasFfmpeg)('is told', async () => {
    const path = join(folder, 'silence.flac');
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'anullsrc=r=16000:d=3', path]);
    const { status, stderr } = await sylstream(['tokenize', '--workers', '1', path]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^warning: SYLSTREAM_ERR_AUDIO_SUSPECT [^\n]*of pauses/u);
  });
});
