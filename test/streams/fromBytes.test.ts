import { readFileSync } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import * as fc from 'fast-check';
import { take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { PcmFormat } from '../../src/audio/pcm.ts';
import { encodeS16le } from '../../src/audio/pcm.ts';
import { fromBytes } from '../../src/streams/fromBytes.ts';
import { createGate } from '../../src/streams/gate.ts';
import { anyCuts, cut, cutInto } from '../helpers/cuts.ts';
import { play, wavBytes } from '../helpers/recording.ts';
import { clipSamples, fixture } from '../helpers/speech.ts';

const speech = clipSamples('kathleen-a0004');
const raw: PcmFormat = { encoding: 's16le', sampleRate: 16_000, channels: 1 };
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

async function* counted(
  seconds: number,
  onPull: (samples: number) => void,
): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < seconds; i++) {
    onPull(16_000);
    yield new Uint8Array(32_000);
  }
}

describe('fromBytes', () => {
  it('reads raw samples, cut anywhere', async () => {
    const part = speech.subarray(0, 9000);
    const bytes = encodeS16le(part);
    await fc.assert(
      fc.asyncProperty(anyCuts(bytes.length), async (lengths) => {
        expect((await play(fromBytes(cutInto(bytes, lengths), raw))).samples).toEqual(part);
      }),
      { numRuns: 8 },
    );
  });

  it('reads a WAV file, cut anywhere', async () => {
    const bytes = Uint8Array.from(readFileSync(fixture('kathleen-a0004.wav')));
    for (const seed of [1, 2, 3]) {
      expect((await play(fromBytes(cut(bytes, seed), 'wav'))).samples).toEqual(speech);
    }
  });

  it.each([
    ['an array', (bytes: Uint8Array) => [bytes]],
    ['a Node stream', (bytes: Uint8Array) => Readable.from(cut(bytes, 7, 5000))],
    ['a web stream', (bytes: Uint8Array) => new Blob([Uint8Array.from(bytes)]).stream()],
  ])('reads from %s', async (_, source) => {
    expect((await play(fromBytes(source(encodeS16le(speech)), raw))).samples).toEqual(speech);
  });

  it('reads stereo at 44.1 kHz and mu-law at 8 kHz as 16 kHz mono', async () => {
    const stereo = await play(
      fromBytes([new Uint8Array(4 * 44_100)], {
        encoding: 's16le',
        sampleRate: 44_100,
        channels: 2,
      }),
    );
    expect(stereo.samples).toEqual(new Float32Array(16_000));
    const phone = await play(
      fromBytes([new Uint8Array(8_000).fill(0x80)], {
        encoding: 'mulaw',
        sampleRate: 8_000,
        channels: 1,
      }),
    );
    expect(phone.samples).toHaveLength(16_000);
    expect(phone.samples[8000]).toBeCloseTo(32124 / 32768, 3);
  });

  it.each([
    ['no byte', [], raw, 'SYLSTREAM_ERR_AUDIO_EMPTY', 0],
    ['no byte of a WAV file', [], 'wav', 'SYLSTREAM_ERR_AUDIO_EMPTY', 0],
    ['3 samples', [new Uint8Array(6)], raw, 'SYLSTREAM_ERR_AUDIO_SHORT', 3],
    [
      '399 samples in a WAV file',
      [wavBytes(speech.subarray(0, 399))],
      'wav',
      'SYLSTREAM_ERR_AUDIO_SHORT',
      399,
    ],
    ['an odd number of bytes', [new Uint8Array(2001)], raw, 'SYLSTREAM_ERR_AUDIO_BYTES', 1000],
    ['3 bytes', [new Uint8Array(3)], raw, 'SYLSTREAM_ERR_AUDIO_BYTES', 1],
    [
      'half a WAV file',
      [wavBytes(speech).subarray(0, 5044)],
      'wav',
      'SYLSTREAM_ERR_WAV_TRUNCATED',
      2500,
    ],
    ['text', [Buffer.from('once upon a time there was')], 'wav', 'SYLSTREAM_ERR_WAV_HEADER', 0],
  ] as const)(
    'gives what is good of %s, then its error',
    async (_, bytes, format, code, samples) => {
      const played = await play(fromBytes(bytes, format));
      expect(played.error).toMatchObject({ code });
      expect(played.samples).toHaveLength(samples);
    },
  );

  it('names the sample that is not finite', async () => {
    const bytes = Buffer.alloc(4 * 3000);
    bytes.writeFloatLE(Number.NEGATIVE_INFINITY, 4 * 1500);
    const played = await play(
      fromBytes([bytes], { encoding: 'f32le', sampleRate: 48_000, channels: 1 }),
    );
    expect(played.error).toMatchObject({
      code: 'SYLSTREAM_ERR_AUDIO_NOT_FINITE',
      message: expect.stringContaining('-Infinity at sample 1500 (0.031 s)'),
    });
    expect(played.samples).toHaveLength(500);
  });

  it('passes on what the stream fails with', async () => {
    const stream = new PassThrough();
    stream.write(encodeS16le(speech.subarray(0, 8000)));
    const playing = play(fromBytes(stream, raw));
    await turn();
    stream.destroy(new Error('the line is dead'));
    expect((await playing).error).toEqual(new Error('the line is dead'));
  });

  it('reads nothing before it is subscribed to', async () => {
    let pulled = 0;
    fromBytes(
      counted(3, (n) => (pulled += n)),
      raw,
    );
    await turn();
    expect(pulled).toBe(0);
  });

  it('never reads further ahead of a slow pipeline than the gate allows', async () => {
    const gate = createGate({ aheadMs: 2000 });
    let pulled = 0;
    let sent = 0;
    let processed = 0;
    let furthest = 0;
    await new Promise<void>((resolve, reject) => {
      fromBytes(
        counted(60, (n) => (furthest = Math.max(furthest, (pulled += n) - processed))),
        raw,
        { gate },
      ).subscribe({
        next: ({ samples }) => (sent += samples.length),
        complete: resolve,
        error: reject,
      });
      // The pipeline: 2,560 samples at a time, and never a rest of less.
      const timer = setInterval(() => {
        if (sent - processed >= 2560) gate.processed((processed += 2560));
        if (processed >= 957_000) clearInterval(timer);
      }, 0);
    });
    expect(pulled).toBe(960_000);
    // 2 s ahead, the chunk of 0.1 s that is on its way and the piece of 1 s that it was cut from.
    expect(furthest).toBeLessThanOrEqual(32_000 + 1_600 + 2560 + 16_000);
  });

  it('destroys the stream when unsubscribed, even while it waits for bytes', async () => {
    const stream = new PassThrough();
    const subscription = fromBytes(stream, raw).subscribe();
    await turn();
    expect(stream.destroyed).toBe(false);
    subscription.unsubscribe();
    await turn();
    expect(stream.destroyed).toBe(true);
  });

  it('closes an iterable when its subscriber has enough, waits at a shut gate, or fails', async () => {
    const closed: string[] = [];
    async function* endless(name: string): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield new Uint8Array(3200);
      } finally {
        closed.push(name);
      }
    }
    await play(fromBytes(endless('enough'), raw).pipe(take(1)));
    await turn();
    const gate = createGate({ aheadMs: 1000 });
    const subscription = fromBytes(endless('gate'), raw, { gate }).subscribe();
    for (let i = 0; i < 5; i++) await turn();
    subscription.unsubscribe();
    for (let i = 0; i < 5; i++) await turn();
    await play(fromBytes(endless('not a WAV file'), 'wav'));
    await turn();
    expect(closed).toEqual(['enough', 'gate', 'not a WAV file']);
  });

  it.each([
    ['mp3', TypeError, "format must be 'wav' or {encoding, sampleRate, channels}, got mp3"],
    [undefined, TypeError, 'got undefined'],
    [{ ...raw, encoding: 'gsm' }, TypeError, 'encoding must be one of s16le'],
    [{ ...raw, sampleRate: 0 }, RangeError, 'sampleRate must be'],
    [{ ...raw, channels: 7 }, RangeError, 'channels must be'],
  ])('refuses the format %o', (format, kind, message) => {
    const make = (): unknown => Reflect.apply(fromBytes, undefined, [[], format]);
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });
});
