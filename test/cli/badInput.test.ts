import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TINY } from '../helpers/bundles.ts';
import { type CliOptions, type CliResult, ENGINE, sylstream } from '../helpers/cli.ts';
import { fixture } from '../helpers/speech.ts';
import { formatBody, riff, riffChunk } from '../helpers/wav.ts';

const folder = mkdtempSync(join(tmpdir(), 'sylstream-'));
const SPEECH = fixture('kathleen-a0002.wav');

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function wav(samples: number, format: Parameters<typeof formatBody>[0] = {}): Buffer {
  return riff([
    riffChunk('fmt ', formatBody(format)),
    riffChunk('data', Buffer.alloc(2 * samples, 1)),
  ]);
}

function floats(at: number, value: number): Buffer {
  const samples = new Float32Array(16_000).fill(0.1);
  samples[at] = value;
  return Buffer.from(samples.buffer);
}

interface Expected {
  readonly code: string;
  readonly status: number;
  readonly says: RegExp;
}

/** Runs `tokenize`; the one line on standard error must begin with the code and name what is about. */
async function refusal(
  expected: Expected,
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  const result = await sylstream(['tokenize', ...ENGINE, ...args], options);
  expect(result.stderr).toMatch(new RegExp(`^${expected.code} [^\\n]+\\n$`));
  expect(result.stderr).toMatch(expected.says);
  expect(result.status).toBe(expected.status);
  return result;
}

async function fails(
  expected: Expected,
  args: readonly string[],
  options?: CliOptions,
): Promise<void> {
  await refusal(expected, args, options);
}

describe('bad audio ends with status 3', () => {
  it('an empty file', () =>
    fails({ code: 'SYLSTREAM_ERR_AUDIO_EMPTY', status: 3, says: /empty\.wav/ }, [
      file('empty.wav', Buffer.alloc(0)),
    ]));

  it('an empty standard input', () =>
    fails({ code: 'SYLSTREAM_ERR_AUDIO_EMPTY', status: 3, says: /expected .* got/ }, ['-']));

  it('a WAV file without samples', () =>
    fails({ code: 'SYLSTREAM_ERR_AUDIO_EMPTY', status: 3, says: /none\.wav/ }, [
      file('none.wav', wav(0)),
    ]));

  it('3 samples', () =>
    fails({ code: 'SYLSTREAM_ERR_AUDIO_SHORT', status: 3, says: /\b3\b/ }, [
      file('three.wav', wav(3)),
    ]));

  it.each([
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
  ])('a sample that is %s', (name, value) =>
    fails({ code: 'SYLSTREAM_ERR_AUDIO_NOT_FINITE', status: 3, says: /700/ }, [
      file(`${name}.f32`, floats(700, value)),
      '--input-format',
      'f32le',
    ]),
  );

  it('an odd number of bytes', () =>
    fails(
      { code: 'SYLSTREAM_ERR_AUDIO_BYTES', status: 3, says: /32001/ },
      ['-', '--input-format', 's16le'],
      { input: Buffer.alloc(32_001, 1) },
    ));

  it('samples that end between two channels', () =>
    fails(
      { code: 'SYLSTREAM_ERR_AUDIO_BYTES', status: 3, says: /channel/ },
      ['-', '--input-format', 's16le', '--channels', '2'],
      { input: Buffer.alloc(32_002, 1) },
    ));

  it('a wrong header', () =>
    fails({ code: 'SYLSTREAM_ERR_WAV_HEADER', status: 3, says: /header\.wav: expected .* got/ }, [
      file(
        'header.wav',
        riff([riffChunk('fmt ', Buffer.alloc(4)), riffChunk('data', Buffer.alloc(64_000))]),
      ),
    ]));

  it('a truncated WAV file, after the units of what is there', async () => {
    const whole = await sylstream(['tokenize', ...ENGINE, '-', '--input-format', 's16le'], {
      input: readFileSync(SPEECH).subarray(44, 80_000),
    });
    const { stdout } = await refusal(
      { code: 'SYLSTREAM_ERR_WAV_TRUNCATED', status: 3, says: /cut\.wav/ },
      [file('cut.wav', readFileSync(SPEECH).subarray(0, 80_000))],
    );
    expect(stdout).toBe(whole.stdout);
    expect(stdout.split('\n').length).toBeGreaterThan(5);
  });

  it.each([
    ['0 Hz', { sampleRate: 0 }, /0 Hz/],
    ['7 channels', { channels: 7 }, /\b7\b/],
    ['a compressed WAV format', { tag: 0x55 }, /85/],
  ])('%s on standard input, and as a file without ffmpeg', async (_name, format, says) => {
    const bytes = wav(16_000, format);
    await fails({ code: 'SYLSTREAM_ERR_AUDIO_FORMAT', status: 3, says }, ['-'], { input: bytes });
    await fails(
      { code: 'SYLSTREAM_ERR_FFMPEG_MISSING', status: 3, says },
      [file('format.wav', bytes)],
      { env: { PATH: folder } },
    );
  });

  it('a header that contradicts itself, and float samples at the scale of integers', async () => {
    const odd = wav(16_000, { blockBytes: 6, secondBytes: 5 });
    await fails({ code: 'SYLSTREAM_ERR_WAV_HEADER', status: 3, says: /block of 6/ }, [
      file('odd.wav', odd),
    ]);
    const body = floats(700, 20_000);
    const loud = riff([
      riffChunk('fmt ', formatBody({ tag: 3, bits: 32 })),
      riffChunk('data', body),
    ]);
    await fails({ code: 'SYLSTREAM_ERR_AUDIO_FORMAT', status: 3, says: /20000 at sample 700/ }, [
      file('loud.wav', loud),
    ]);
  });

  it('an unknown format on standard input', () =>
    fails({ code: 'SYLSTREAM_ERR_AUDIO_FORMAT', status: 3, says: /expected .* got/ }, ['-'], {
      input: Buffer.from('this is no audio at all, whatever you may think of it'),
    }));

  it('an unknown format that ffmpeg cannot read, without ffmpeg a word about it', async () => {
    const path = file(
      'notes.txt',
      Buffer.from('this is no audio at all, whatever you may think of it'),
    );
    const { stderr } = await sylstream(['tokenize', ...ENGINE, path]);
    expect(stderr).toMatch(/^SYLSTREAM_ERR_FFMPEG_(FAILED|MISSING) [^\n]*notes\.txt[^\n]*\n$/);
    await fails(
      { code: 'SYLSTREAM_ERR_FFMPEG_MISSING', status: 3, says: /install ffmpeg/ },
      [path],
      {
        env: { PATH: folder },
      },
    );
  });

  it('a file that is not there, and a folder without a recording', async () => {
    const absent = join(folder, 'absent.wav');
    await fails({ code: 'SYLSTREAM_ERR_FILE_READ', status: 3, says: /ENOENT/ }, [absent]);
    await fails({ code: 'SYLSTREAM_ERR_FILE_READ', status: 3, says: /none whose name/ }, [
      mkdtempSync(join(folder, 'empty-')),
    ]);
  });
});

describe('a bad bundle ends with status 4', () => {
  function damaged(name: string, damage: (bundle: string) => void): string[] {
    const bundle = join(folder, name);
    cpSync(TINY, bundle, { recursive: true });
    damage(bundle);
    return [SPEECH, '--bundle', bundle];
  }

  it('that is not there', () =>
    fails({ code: 'SYLSTREAM_ERR_BUNDLE_MISSING', status: 4, says: /nowhere/ }, [
      SPEECH,
      '--bundle',
      join(folder, 'nowhere'),
    ]));

  it('with a file missing', () =>
    fails(
      { code: 'SYLSTREAM_ERR_BUNDLE_MISSING', status: 4, says: /codebook\.safetensors/ },
      damaged('missing', (bundle) => rmSync(join(bundle, 'codebook.safetensors'))),
    ));

  it('with a wrong hash', () =>
    fails(
      { code: 'SYLSTREAM_ERR_BUNDLE_HASH', status: 4, says: /step_int8\.onnx/ },
      damaged('hash', (bundle) => {
        const path = join(bundle, 'onnx/step_int8.onnx');
        const bytes = readFileSync(path);
        bytes[bytes.length >> 1] ^= 1;
        writeFileSync(path, bytes);
      }),
    ));

  it('with a wrong shape', () =>
    fails(
      { code: 'SYLSTREAM_ERR_BUNDLE_SHAPE', status: 4, says: /expected .* found/ },
      damaged('shape', (bundle) => {
        const config = edited(bundle, 'config.json', (text) =>
          text.replace(/"featureWidth": *32/, '"featureWidth": 48'),
        );
        edited(bundle, 'manifest.json', (text) => withHash(text, 'config.json', config));
      }),
    ));

  it('with a config that does not follow its schema', () =>
    fails(
      { code: 'SYLSTREAM_ERR_BUNDLE_FORMAT', status: 4, says: /config\.json/ },
      damaged('format', (bundle) => {
        const config = edited(bundle, 'config.json', (text) =>
          text.replace(/"chunkTokens": *8/, '"chunkTokens": "eight"'),
        );
        edited(bundle, 'manifest.json', (text) => withHash(text, 'config.json', config));
      }),
    ));
});

describe('an output that fails', () => {
  it('ends with status 5 when the disk is full, on standard output and in a file', async () => {
    const says = {
      code: 'SYLSTREAM_ERR_OUTPUT_WRITE',
      status: 5,
      says: /ENOSPC.*free some space or name another place/,
    };
    await fails(says, [SPEECH], { stdout: openSync('/dev/full', 'w') });
    await fails(says, [SPEECH, '--output', '/dev/full']);
    await fails(says, [SPEECH, '--format', 'textgrid', '--output', '/dev/full']);
    const plot = join(folder, 'full.svg');
    symlinkSync('/dev/full', plot);
    await fails(says, [SPEECH, '--plot', plot]);
  });

  it('ends with status 5 when its folder is not there', () =>
    fails({ code: 'SYLSTREAM_ERR_OUTPUT_WRITE', status: 5, says: /ENOENT/ }, [
      SPEECH,
      '--output',
      join(folder, 'no/such/units.jsonl'),
    ]));

  it('ends quietly with status 141 when nobody reads standard output any more', async () => {
    const result = await sylstream(['tokenize', ...ENGINE, SPEECH, '--realtime'], {
      onStart: (child) => child.stdout!.once('data', () => child.stdout!.destroy()),
    });
    expect(result).toMatchObject({ status: 141, signal: null, stderr: '' });
  });
});

function edited(bundle: string, name: string, edit: (text: string) => string): Buffer {
  const path = join(bundle, name);
  const before = readFileSync(path, 'utf8');
  const after = edit(before);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
  return Buffer.from(after);
}

/** The manifest with the size and hash of a changed file. */
function withHash(manifest: string, name: string, bytes: Buffer): string {
  const parsed = JSON.parse(manifest) as { files: Record<string, object> };
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  parsed.files[name] = { bytes: bytes.length, sha256 };
  return JSON.stringify(parsed);
}
