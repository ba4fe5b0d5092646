import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesPerSample,
  createPcmDecoder,
  decodePcm,
  encodeS16le,
  SAMPLE_ENCODINGS,
} from '../../src/audio/pcm.ts';
import type { SampleEncoding } from '../../src/audio/pcm.ts';
import { anyCuts, cutInto, drive, joinChunks, seeded } from '../helpers/cuts.ts';
import { fixture } from '../helpers/speech.ts';

const decoded = (encoding: SampleEncoding, pieces: Uint8Array[]): Float32Array =>
  joinChunks(drive(createPcmDecoder(encoding), pieces));
const sixteenBits = (encoding: SampleEncoding): number[] =>
  [...decodePcm(all256, encoding)].map((value) => value * 32768 + 0);
const all256 = Uint8Array.from({ length: 256 }, (_, i) => i);

describe('createPcmDecoder', () => {
  it.each([
    ['s16le', '0000 0100 ff7f 0080 ffff', [0, 1 / 32768, 32767 / 32768, -1, -1 / 32768]],
    ['u8', '80 00 ff 81', [0, -1, 127 / 128, 1 / 128]],
    ['s24le', '000000 010000 ffff7f 000080 ffffff', [0, 2 ** -23, 1 - 2 ** -23, -1, -(2 ** -23)]],
    ['s24be', '000000 000001 7fffff 800000 ffffff', [0, 2 ** -23, 1 - 2 ** -23, -1, -(2 ** -23)]],
    ['s16be', '0001 7fff 8000 ffff', [2 ** -15, 1 - 2 ** -15, -1, -(2 ** -15)]],
    ['s32be', '00000001 80000000', [2 ** -31, -1]],
    ['f32be', '3f000000 be800000', [0.5, -0.25]],
    ['f64be', '3fe0000000000000 bfd0000000000000', [0.5, -0.25]],
    ['s32le', '00000000 00000040 00000080', [0, 0.5, -1]],
    ['f32le', '0000003f 000080bf 0000c03f', [0.5, -1, 1.5]],
    ['f64le', '000000000000e03f 000000000000f0bf', [0.5, -1]],
    // ITU-T G.711: the codes of the loudest and the quietest value of either sign.
    ['mulaw', '00 80 ff 7f', [-32124 / 32768, 32124 / 32768, 0, -0]],
    ['alaw', '2a aa d5 55', [-32256 / 32768, 32256 / 32768, 8 / 32768, -8 / 32768]],
  ] as const)('reads %s', (encoding, hex, values) => {
    const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
    expect([...decoded(encoding, [bytes])]).toEqual(values.map(Math.fround));
  });

  it('reads all mu-law and A-law codes as libsndfile does', () => {
    const golden: unknown = JSON.parse(readFileSync(fixture('wav/g711.json'), 'utf8'));
    expect({ mulaw: sixteenBits('mulaw'), alaw: sixteenBits('alaw') }).toEqual(golden);
  });

  it.each(SAMPLE_ENCODINGS)('reads %s the same for any cutting of its bytes', (encoding) => {
    const random = seeded(4);
    // Bytes that make no float infinite, so that values compare.
    const bytes = Uint8Array.from({ length: 24 * 84 }, () => Math.floor(random() * 60));
    const whole = decoded(encoding, [bytes]);
    expect(whole).toHaveLength(bytes.length / bytesPerSample(encoding));
    fc.assert(
      fc.property(anyCuts(bytes.length), (lengths) => {
        expect(decoded(encoding, cutInto(bytes, lengths))).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  it('agrees with decodePcm, which refuses part of a sample', () => {
    expect(decodePcm(Uint8Array.of(0, 64, 0, 128), 's16le')).toEqual(Float32Array.of(0.5, -1));
    expect(decodePcm(new Uint8Array(0), 'f64le')).toEqual(new Float32Array(0));
    expect(() => decodePcm(new Uint8Array(3), 's16le')).toThrow(
      expect.objectContaining({ code: 'SYLSTREAM_ERR_AUDIO_BYTES' }),
    );
  });

  it('reads a view into a larger buffer', () => {
    const large = Uint8Array.from([9, 9, 9, 0, 64, 9]);
    expect([...decoded('s16le', [large.subarray(3, 5)])]).toEqual([0.5]);
  });

  it('does not keep the bytes that it was given', () => {
    const machine = createPcmDecoder('s16le');
    const bytes = Uint8Array.of(0);
    expect([...machine.push(bytes)]).toEqual([]);
    bytes[0] = 77;
    expect(joinChunks([...machine.push(Uint8Array.of(64))])).toEqual(Float32Array.of(0.5));
  });

  it('throws at the end of an odd number of bytes, after the samples before', () => {
    const machine = createPcmDecoder('s16le');
    expect(joinChunks([...machine.push(new Uint8Array(7))])).toHaveLength(3);
    expect(() => machine.flush()).toThrow(
      expect.objectContaining({
        code: 'SYLSTREAM_ERR_AUDIO_BYTES',
        message:
          'expected s16le samples of 2 bytes, got 7 bytes, 1 too many; check the format and that the stream came whole',
      }),
    );
    expect(() => decoded('f64le', [new Uint8Array(15)])).toThrow('got 15 bytes, 7 too many');
    expect(decoded('s16le', [])).toHaveLength(0);
  });

  it('refuses an encoding that it does not know', () => {
    for (const name of ['mp3', 'toString', undefined]) {
      expect(() => Reflect.apply(createPcmDecoder, undefined, [name])).toThrow(
        new TypeError(
          `encoding must be one of s16le, f32le, mulaw, alaw, u8, s24le, s32le, f64le, s16be, s24be, s32be, f32be, f64be, got ${JSON.stringify(name)}`,
        ),
      );
    }
  });
});

describe('encodeS16le', () => {
  it('writes back every 16-bit value that was read', () => {
    const bytes = new Uint8Array(2 * 65536);
    for (let i = 0; i < 65536; i++) bytes.set([i & 255, i >> 8], 2 * i);
    expect(encodeS16le(decoded('s16le', [bytes]))).toEqual(bytes);
  });

  it('rounds to the nearest and clips what is too loud', () => {
    const samples = Float32Array.of(1.6 / 32768, -1.6 / 32768, 1, 1.5, -1.5);
    expect([...new Int16Array(encodeS16le(samples).buffer)]).toEqual([2, -2, 32767, 32767, -32768]);
  });
});
