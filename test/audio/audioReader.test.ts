import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAudioReader } from '../../src/audio/audioReader.ts';
import { createDetectingReader } from '../../src/audio/detectingReader.ts';
import type { Machine } from '../../src/core/machine.ts';
import type { PcmFormat } from '../../src/audio/pcm.ts';
import { speex as wasm } from '../../src/audio/speex.ts';
import { PipelineError } from '../../src/core/errors.ts';
import type { PcmChunk } from '../../src/core/types.ts';
import { anyCuts, cutInto, drive, joinChunks, seeded } from '../helpers/cuts.ts';
import { fixture } from '../helpers/speech.ts';
import { formatBody, riff, riffChunk } from '../helpers/wav.ts';

const speex = wasm.get();

const random = seeded(11);
const noise = Buffer.from(Uint8Array.from({ length: 4 * 3000 }, () => Math.floor(random() * 256)));
const stereo44 = riff([
  riffChunk('fmt ', formatBody({ channels: 2, sampleRate: 44_100 })),
  riffChunk('data', noise),
]);

function outOf(
  machine: Machine<Uint8Array, PcmChunk>,
  pieces: Uint8Array[],
): { samples: Float32Array; error: unknown } {
  const out: PcmChunk[] = [];
  let error: unknown;
  try {
    for (const piece of pieces) for (const chunk of machine.push(piece)) out.push(chunk);
    for (const chunk of machine.flush()) out.push(chunk);
  } catch (caught) {
    error = caught;
  }
  machine.release?.();
  return { samples: joinChunks(out), error };
}

describe('createAudioReader', () => {
  it('reads a file of any rate and channels as 16 kHz mono, cut anywhere', () => {
    const bytes = Uint8Array.from(stereo44);
    const whole = outOf(createAudioReader('wav', speex), [bytes]);
    expect(whole.error).toBeUndefined();
    expect(whole.samples).toHaveLength(Math.ceil((3000 * 16_000) / 44_100));
    fc.assert(
      fc.property(anyCuts(bytes.length), (lengths) => {
        expect(outOf(createAudioReader('wav', speex), cutInto(bytes, lengths))).toEqual(whole);
      }),
      { numRuns: 10 },
    );
    const raw: PcmFormat = { encoding: 's16le', sampleRate: 44_100, channels: 2 };
    expect(outOf(createAudioReader(raw, speex), [noise])).toEqual(whole);
  });

  it('gives all that is good of a truncated file at 44.1 kHz, the filter’s tail included', () => {
    const { samples, error } = outOf(createAudioReader('wav', speex), [
      stereo44.subarray(0, -4000),
    ]);
    expect(samples).toHaveLength(Math.ceil((2000 * 16_000) / 44_100));
    expect(error).toMatchObject({ code: 'SYLSTREAM_ERR_WAV_TRUNCATED' });
  });

  it('names the first error when a file is broken and short', () => {
    const short = riff([
      riffChunk('fmt ', formatBody({ tag: 3, bits: 32 })),
      riffChunk('data', Buffer.from('0000c07f', 'hex')),
    ]);
    const { error } = outOf(createAudioReader('wav', speex), [short]);
    expect(error).toMatchObject({ code: 'SYLSTREAM_ERR_AUDIO_NOT_FINITE' });
  });

  it('refuses 399 samples and takes 400', () => {
    const raw: PcmFormat = { encoding: 'u8', sampleRate: 16_000, channels: 1 };
    const { error } = outOf(createAudioReader(raw, speex), [new Uint8Array(399)]);
    expect(error).toEqual(
      new PipelineError(
        'SYLSTREAM_ERR_AUDIO_SHORT',
        'expected at least 400 samples at 16 kHz (25 ms), got 399; record more, or check what was read',
      ),
    );
    expect(outOf(createAudioReader(raw, speex), [new Uint8Array(400)]).error).toBeUndefined();
    expect(() => createAudioReader({ ...raw, sampleRate: 0 }, speex)).toThrow(RangeError);
  });
});

describe('createDetectingReader', () => {
  const raw: PcmFormat = { encoding: 's16le', sampleRate: 16_000, channels: 1 };

  it('reads WAV files and raw samples as their own readers do, cut anywhere', () => {
    const wav = Uint8Array.from(readFileSync(fixture('wav/piped-stereo.wav')));
    for (const [bytes, format] of [
      [wav, 'wav'],
      [Uint8Array.from(noise), raw],
    ] as const) {
      const whole = outOf(createAudioReader(format, speex), [bytes]);
      fc.assert(
        fc.property(anyCuts(bytes.length), (lengths) => {
          const pieces = cutInto(bytes, lengths);
          expect(outOf(createDetectingReader(raw, speex), pieces)).toEqual(whole);
        }),
        { numRuns: 8 },
      );
    }
  });

  it('takes RIFF that is no WAV file for raw samples', () => {
    const avi = Buffer.concat([Buffer.from('RIFF1234AVI '), Buffer.alloc(1000)]);
    expect(drive(createDetectingReader(raw, speex), [avi]).length).toBeGreaterThan(0);
    expect(outOf(createDetectingReader(undefined, speex), [avi]).error).toMatchObject({
      code: 'SYLSTREAM_ERR_AUDIO_FORMAT',
    });
  });
});
