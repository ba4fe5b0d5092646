import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../src/core/errors.ts';
import { encodeS16le, SAMPLE_ENCODINGS } from '../../src/audio/pcm.ts';
import type { PcmFormat } from '../../src/audio/pcm.ts';
import { createWavDecoder } from '../../src/audio/wav.ts';
import { wavHeader } from '../../src/audio/wavWriter.ts';
import type { PcmChunk } from '../../src/core/types.ts';
import { anyCuts, cutInto, join } from '../helpers/cuts.ts';
import { clipSamples, fixture, floats } from '../helpers/speech.ts';
import { ds64, formatBody, riff, riffChunk, toRifx } from '../helpers/wav.ts';

/** Encodings that RIFF has; those of RIFX are tested on the same files turned round. */
const LITTLE = SAMPLE_ENCODINGS.filter((encoding) => !encoding.endsWith('be'));

interface Read {
  readonly format: PcmFormat | undefined;
  readonly samples: Float32Array;
  readonly error: unknown;
  readonly warnings: readonly string[];
}

function read(pieces: Uint8Array[]): Read {
  const warnings: string[] = [];
  const machine = createWavDecoder({
    onWarning: ({ code, message }) => warnings.push(`${code} ${message}`),
  });
  const out: (PcmFormat | PcmChunk)[] = [];
  let error: unknown;
  try {
    for (const piece of pieces) for (const value of machine.push(piece)) out.push(value);
    for (const value of machine.flush()) out.push(value);
  } catch (caught) {
    error = caught;
  }
  const formats = out.flatMap((value) => ('encoding' in value ? [value] : []));
  expect(formats.length).toBeLessThanOrEqual(1);
  const samples = join(out.flatMap((value) => ('samples' in value ? [value.samples] : [])));
  return { format: formats[0], samples, error, warnings };
}

const fmt = riffChunk('fmt ', formatBody({}));
const data = (samples: number): Buffer => riffChunk('data', Buffer.alloc(2 * samples, 64));
const failed = (file: Uint8Array): { code: unknown; message: string } => {
  const { error } = read([file]);
  if (!(error instanceof PipelineError))
    throw new Error(`expected a PipelineError, got ${String(error)}`);
  return { code: error.code, message: error.message };
};

describe('createWavDecoder', () => {
  const kinds: [encoding: string, kind: string][] = [
    ...LITTLE.map((encoding): [string, string] => [encoding, 'mono']),
    ...LITTLE.map((encoding): [string, string] => [encoding, 'stereo']),
    ['s16le', 'piped-stereo'],
  ];

  it.each(kinds)('reads %s %s as libsndfile does, cut anywhere', (encoding, kind) => {
    const name = kind === 'piped-stereo' ? kind : `${encoding}-${kind}`;
    const bytes = Uint8Array.from(readFileSync(fixture(`wav/${name}.wav`)));
    const whole = read([bytes]);
    expect(whole).toEqual({
      format: { encoding, sampleRate: 16_000, channels: kind === 'mono' ? 1 : 2 },
      samples: floats(`wav/${name}.f32`),
      error: undefined,
      warnings: [],
    });
    fc.assert(
      fc.property(anyCuts(bytes.length), (lengths) => {
        expect(read(cutInto(bytes, lengths))).toEqual(whole);
      }),
      { numRuns: 10 },
    );
  });

  it('skips chunks that it does not know, odd ones with their pad byte, before and after the data', () => {
    const file = riff([
      riffChunk('LIST', Buffer.alloc(7)),
      fmt,
      riffChunk('fact', Buffer.alloc(4)),
      data(3),
      riffChunk('cue ', Buffer.alloc(40)),
    ]);
    expect(read([file])).toMatchObject({
      samples: new Float32Array(3).fill(0x4040 / 32768),
      error: undefined,
    });
  });

  it('reads a format chunk that is longer than it needs to be, and the RF64 form', () => {
    const long = riffChunk('fmt ', Buffer.concat([formatBody({}), Buffer.alloc(60)]));
    expect(read([riff([long, data(2)])]).samples).toHaveLength(2);
    const rf64 = riff(
      [riffChunk('ds64', Buffer.alloc(28)), fmt, riffChunk('data', Buffer.alloc(6), 0xffff_ffff)],
      0xffff_ffff,
      'RF64',
    );
    expect(read([rf64]).samples).toHaveLength(3);
  });

  it.each([0xffff_ffff, 0x7fff_f000, 0x7fff_ffff, 0x8000_0000])(
    'reads to the end when the size is %i, which says that it is not known',
    (size) => {
      const file = riff([fmt, riffChunk('data', Buffer.alloc(20), size)], 0xffff_ffff);
      expect(read([file])).toMatchObject({ samples: new Float32Array(10), error: undefined });
    },
  );

  it('reads to the end when the sizes were never filled in', () => {
    const file = riff([fmt, riffChunk('data', Buffer.alloc(20), 0)], 0);
    expect(read([file]).samples).toHaveLength(10);
    const legal = riff([
      fmt,
      riffChunk('data', Buffer.alloc(0)),
      riffChunk('LIST', Buffer.alloc(20)),
    ]);
    expect(failed(legal).code).toBe('SYLSTREAM_ERR_AUDIO_EMPTY');
  });

  it.each(LITTLE)('reads %s in big-endian RIFX to the same samples', (encoding) => {
    const little = Uint8Array.from(readFileSync(fixture(`wav/${encoding}-mono.wav`)));
    const bytes = Uint8Array.from(toRifx(little));
    const whole = read([bytes]);
    expect(whole.error).toBeUndefined();
    expect(whole.format).toEqual({
      encoding: encoding.replace('le', 'be'),
      sampleRate: 16_000,
      channels: 1,
    });
    expect(whole.samples).toEqual(read([little]).samples);
    fc.assert(
      fc.property(anyCuts(bytes.length), (lengths) => {
        expect(read(cutInto(bytes, lengths))).toEqual(whole);
      }),
      { numRuns: 5 },
    );
  });

  it.each(['RF64', 'BW64'])('stops at the end of the samples that ds64 tells in %s', (name) => {
    const file = riff(
      [
        ds64(1000, 20),
        fmt,
        riffChunk('data', Buffer.alloc(20, 64), 0xffff_ffff),
        riffChunk('axml', Buffer.alloc(99, 64)),
      ],
      0xffff_ffff,
      name,
    );
    expect(read([file])).toMatchObject({
      samples: new Float32Array(10).fill(0x4040 / 32_768),
      error: undefined,
      warnings: [],
    });
    expect(read([file.subarray(0, 90)]).error).toBeUndefined(); // a little short, as below
  });

  it.each([
    ['16 bits in a block of 4', { blockBytes: 4, secondBytes: 32_000 }, 's16le'],
    ['16 bits in a block of 0', { blockBytes: 0, secondBytes: 32_000 }, 's16le'],
    ['a wrong number of bytes a second', { secondBytes: 1 }, 's16le'],
    ['20 bits in 3 bytes', { bits: 20 }, 's24le'],
    ['24 bits in 4 bytes', { bits: 24, blockBytes: 4 }, 's32le'],
    ['12 bits in 2 bytes', { bits: 12 }, 's16le'],
    ['mu-law that says 16 bits', { tag: 7, bits: 16, blockBytes: 1 }, 'mulaw'],
  ])('believes what two of three fields say of a sample: %s', (_, format, encoding) => {
    const file = riff([riffChunk('fmt ', formatBody(format)), data(60)]);
    expect(read([file])).toMatchObject({ format: { encoding, channels: 1 }, error: undefined });
  });

  it('reads what is there behind a size of 0 in a file that has one, and says so', () => {
    const samples = Buffer.from(clipSamples('kathleen-a0004').subarray(0, 1000).buffer, 0, 2000);
    for (const body of [Buffer.alloc(2000), samples]) {
      const bytes = Uint8Array.from(riff([fmt, riffChunk('data', body, 0)]));
      const whole = read([bytes]);
      expect(whole).toMatchObject({
        error: undefined,
        warnings: [
          'SYLSTREAM_ERR_WAV_SIZE expected the size of the samples in the header, got 0 bytes for the 2000 that are there; ' +
            'check that the recording is whole',
        ],
      });
      expect(whole.samples).toHaveLength(1000);
      fc.assert(
        fc.property(anyCuts(bytes.length), (lengths) => {
          expect(read(cutInto(bytes, lengths))).toEqual(whole);
        }),
        { numRuns: 5 },
      );
    }
  });

  it('reads what is there when the size is a little too large, and says so', () => {
    for (const tooMuch of [1, 8, 36, 44, 512]) {
      const file = riff([fmt, riffChunk('data', Buffer.alloc(2000, 64), 2000 + tooMuch)]);
      expect(read([file]), `${tooMuch}`).toMatchObject({
        samples: new Float32Array(1000).fill(0x4040 / 32_768),
        error: undefined,
        warnings: [expect.stringContaining(`got ${2000 + tooMuch} bytes for the 2000`)],
      });
    }
    const cut = riff([fmt, riffChunk('data', Buffer.alloc(2000), 2513)]);
    expect(failed(cut).code).toBe('SYLSTREAM_ERR_WAV_TRUNCATED');
    // A bext chunk of 602 bytes that was counted in.
    const bext = riffChunk('bext', Buffer.alloc(602));
    const broadcast = riff([bext, fmt, riffChunk('data', Buffer.alloc(2000), 2654)]);
    expect(read([broadcast])).toMatchObject({ error: undefined, warnings: [expect.any(String)] });
  });

  it('says when a file goes on behind its samples with what is no chunk', () => {
    const file = Buffer.concat([riff([fmt, data(100)]), Buffer.alloc(3000, 0xee)]);
    expect(read([file])).toMatchObject({
      samples: new Float32Array(100).fill(0x4040 / 32_768),
      error: undefined,
      warnings: [expect.stringContaining('got 200 bytes, and 3000 behind them')],
    });
    const padded = Buffer.concat([riff([fmt, data(100)]), Buffer.alloc(512)]);
    expect(read([padded]).warnings).toEqual([]);
  });

  it.each(['f32', 'f64'])(
    'refuses %s samples at the scale of integers, after those before',
    (kind) => {
      const values = [0.1, -0.2, 15.9, -16.5, 4000, -32_768];
      const numbers = kind === 'f32' ? new Float32Array(values) : new Float64Array(values);
      const bits = kind === 'f32' ? 32 : 64;
      const file = riff([
        riffChunk('fmt ', formatBody({ tag: 3, bits })),
        riffChunk('data', Buffer.from(numbers.buffer)),
      ]);
      const { samples, error } = read([file]);
      expect(samples).toEqual(new Float32Array(values.slice(0, 3)));
      expect(error).toMatchObject({
        code: 'SYLSTREAM_ERR_AUDIO_FORMAT',
        message: expect.stringMatching(
          /got -16\.5 at sample 3 \(0\.000 s\), the scale of integers/u,
        ),
      });
    },
  );

  it('gives the good samples of a truncated file before the error', () => {
    const file = riff([fmt, data(1000)]).subarray(0, 44 + 501);
    const { samples, error } = read([file]);
    expect(samples).toHaveLength(250);
    expect(error).toMatchObject({
      code: 'SYLSTREAM_ERR_WAV_TRUNCATED',
      message:
        'expected 2000 bytes of samples, got 501; what came was used, copy the file again for the rest',
    });
  });

  it('refuses part of a sample at the end of a pipe', () => {
    const file = Buffer.concat([wavHeader({ sampleRate: 16_000, channels: 1 }), Buffer.alloc(5)]);
    const { samples, error } = read([file]);
    expect(samples).toHaveLength(2);
    expect(error).toMatchObject({ code: 'SYLSTREAM_ERR_AUDIO_BYTES' });
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'SYLSTREAM_ERR_AUDIO_EMPTY', 'got 0 bytes'],
    [
      'a header alone',
      riff([fmt, data(0)]),
      'SYLSTREAM_ERR_AUDIO_EMPTY',
      'got a header and 0 bytes',
    ],
    [
      'text',
      Buffer.from('hello, this is no audio'),
      'SYLSTREAM_ERR_WAV_HEADER',
      'got "hello, this "',
    ],
    [
      'half a header',
      riff([fmt, data(1)]).subarray(0, 30),
      'SYLSTREAM_ERR_WAV_HEADER',
      'the end after 30 bytes',
    ],
    ['no data chunk', riff([fmt]), 'SYLSTREAM_ERR_WAV_HEADER', 'the end after 36 bytes'],
    [
      'data before its format',
      riff([data(1), fmt]),
      'SYLSTREAM_ERR_WAV_HEADER',
      'format chunk before the data',
    ],
    [
      'a short format',
      riff([riffChunk('fmt ', Buffer.alloc(14)), data(1)]),
      'SYLSTREAM_ERR_WAV_HEADER',
      'at least 16 bytes, got 14',
    ],
    [
      'blocks that do not fit',
      riff([riffChunk('fmt ', formatBody({ blockBytes: 5 })), data(1)]),
      'SYLSTREAM_ERR_WAV_HEADER',
      'got a block of 5 bytes',
    ],
    [
      '0 Hz',
      riff([riffChunk('fmt ', formatBody({ sampleRate: 0 })), data(1)]),
      'SYLSTREAM_ERR_AUDIO_FORMAT',
      'got 0 Hz',
    ],
    [
      '4 GHz',
      riff([riffChunk('fmt ', formatBody({ sampleRate: 4e9 })), data(1)]),
      'SYLSTREAM_ERR_AUDIO_FORMAT',
      'got 4000000000 Hz',
    ],
    [
      '0 channels',
      riff([riffChunk('fmt ', formatBody({ channels: 0 })), data(1)]),
      'SYLSTREAM_ERR_AUDIO_FORMAT',
      '1 to 6 channels, got 0',
    ],
    [
      '7 channels',
      riff([riffChunk('fmt ', formatBody({ channels: 7 })), data(1)]),
      'SYLSTREAM_ERR_AUDIO_FORMAT',
      '1 to 6 channels, got 7',
    ],
    [
      'MP3 inside',
      riff([riffChunk('fmt ', formatBody({ tag: 0x55, bits: 0 })), data(1)]),
      'SYLSTREAM_ERR_AUDIO_FORMAT',
      'got WAV format 85',
    ],
    [
      'ADPCM',
      readFileSync(fixture('wav/adpcm.wav')),
      'SYLSTREAM_ERR_AUDIO_FORMAT',
      'got WAV format 2',
    ],
    [
      'float of 16 bits',
      riff([riffChunk('fmt ', formatBody({ tag: 3 })), data(1)]),
      'SYLSTREAM_ERR_AUDIO_FORMAT',
      'got WAV format 3 with 16 bits',
    ],
  ])('refuses %s', (_, file, code, message) => {
    const failure = failed(file);
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(message);
  });

  it('meets any bytes with samples or a named error, in bounded time', () => {
    const good = Uint8Array.from(readFileSync(fixture('wav/mulaw-stereo.wav')));
    const damaged = fc
      .array(fc.record({ at: fc.nat(120), value: fc.nat(255) }), { minLength: 1, maxLength: 12 })
      .map((edits) => edits.reduce((bytes, { at, value }) => bytes.with(at, value), good));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged), (bytes) => {
        const { samples, error } = read([bytes]);
        expect(samples.length).toBeLessThanOrEqual(bytes.length);
        if (error !== undefined) expect(error).toBeInstanceOf(PipelineError);
        else expect(samples.length).toBeGreaterThan(0);
      }),
      { numRuns: 400 },
    );
  });

  it('keeps nothing of a chunk that claims 4 GB', () => {
    const file = riff([riffChunk('junk', Buffer.alloc(10), 0xffff_fff0)]);
    expect(failed(file)).toMatchObject({ code: 'SYLSTREAM_ERR_WAV_HEADER' });
  });
});

describe('wavHeader', () => {
  it('writes what the decoder reads, with the size known and unknown', () => {
    const samples = clipSamples('kathleen-a0004');
    const bytes = encodeS16le(samples);
    for (const dataBytes of [bytes.length, undefined]) {
      const header = wavHeader({ sampleRate: 44_100, channels: 2 }, dataBytes);
      expect(read([header, bytes])).toEqual({
        format: { encoding: 's16le', sampleRate: 44_100, channels: 2 },
        samples,
        error: undefined,
        warnings: [],
      });
    }
  });

  it('writes the header that libsndfile wrote', () => {
    const file = readFileSync(fixture('kathleen-a0002.wav'));
    const header = wavHeader({ sampleRate: 16_000, channels: 1 }, file.length - 44);
    expect(header).toEqual(Uint8Array.from(file.subarray(0, 44)));
  });

  it('refuses sizes that no header can hold', () => {
    const stereo = { sampleRate: 16_000, channels: 2 };
    for (const size of [-4, 2, 4.5, Number.NaN, 2 ** 32]) {
      expect(() => wavHeader(stereo, size)).toThrow(
        new RangeError(`dataBytes must be a multiple of 4 from 0 to 4294967258, got ${size}`),
      );
    }
    expect(() => wavHeader({ sampleRate: 0, channels: 2 })).toThrow(RangeError);
  });
});
