import { describe, expect, it } from 'vitest';
import { createAudioWatch } from '../../src/audio/audioWatch.ts';
import type { WatchedFormat } from '../../src/audio/audioWatch.ts';
import { createPauseWatch } from '../../src/segments/pauseWatch.ts';
import { decodePcm, encodeS16le } from '../../src/audio/pcm.ts';
import type { SampleEncoding } from '../../src/audio/pcm.ts';
import type { Unit } from '../../src/core/types.ts';
import { cutChunks, joinChunks, seeded } from '../helpers/cuts.ts';
import { CLIPS, clipSamples } from '../helpers/speech.ts';

/** What is said of samples, cut anywhere; they must pass untouched. */
function warnings(samples: Float32Array, format: Partial<WatchedFormat> = {}): string[] {
  const said: string[] = [];
  const full = { encoding: 's16le', sampleRate: 16_000, channels: 1, ...format };
  for (const seed of [1, 2]) {
    said.length = 0;
    const watch = createAudioWatch(full, ({ code, message }) => {
      expect(code).toBe('SYLSTREAM_ERR_AUDIO_SUSPECT');
      said.push(message);
    });
    const out = cutChunks(samples, seed).flatMap((chunk) => [...watch.push(chunk)]);
    expect(bytesOf(joinChunks(out)).equals(bytesOf(samples))).toBe(true);
    expect([...watch.flush()]).toEqual([]);
  }
  return said;
}

function bytesOf(samples: Float32Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}

function readAs(bytes: Uint8Array, encoding: SampleEncoding): Float32Array {
  return decodePcm(bytes.slice(0, bytes.length - (bytes.length % 8)), encoding);
}

const stereo = (left: Float32Array, right: Float32Array): Float32Array =>
  Float32Array.from({ length: 2 * left.length }, (_, i) => (i % 2 ? right : left)[i >> 1]);

describe('createAudioWatch', () => {
  it.each(CLIPS)('says nothing of speech, loud or quiet: %s', (clip) => {
    const speech = clipSamples(clip);
    const loudest = speech.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    for (const gain of [1 / loudest, 1, 1e-3]) {
      const scaled = speech.map((sample) => sample * gain);
      expect(warnings(scaled)).toEqual([]);
      expect(warnings(scaled, { encoding: 'f32le' })).toEqual([]);
      expect(warnings(stereo(scaled, scaled), { channels: 2 })).toEqual([]);
      expect(warnings(stereo(scaled, new Float32Array(scaled.length)), { channels: 2 })).toEqual(
        [],
      );
    }
    expect(warnings(new Float32Array(50_000))).toEqual([]);
  });

  it.each(CLIPS)('names the byte order of %s when it is the other one', (clip) => {
    const bytes = encodeS16le(clipSamples(clip));
    for (const samples of [readAs(bytes, 's16be'), readAs(bytes.subarray(1), 's16le')]) {
      expect(warnings(samples)).toEqual([
        expect.stringMatching(/^expected speech, got noise at 0\.\d+ .* byte order/u),
      ]);
    }
  });

  it('tells floats read as integers, and integers as floats', () => {
    const speech = clipSamples('kathleen-a0002');
    const asFloats = new Uint8Array(speech.slice().buffer);
    expect(warnings(readAs(asFloats, 's16le'))).toEqual([expect.stringContaining('noise at')]);
    const scaled = speech.map((sample) => sample * 32_768);
    expect(warnings(scaled, { encoding: 'f32le' })).toEqual([
      expect.stringMatching(/in \[-1, 1\], got \d.*scale of integers/u),
    ]);
    const swapped = readAs(asFloats, 'f32be').map((sample) =>
      Number.isFinite(sample) ? sample : 0,
    );
    expect(warnings(swapped, { encoding: 'f32be' })).toHaveLength(1);
    const tiny = speech.map((sample) => sample * 1e-30);
    expect(warnings(tiny, { encoding: 'f32le' })).toEqual([
      expect.stringContaining('got none above'),
    ]);
  });

  it('tells channels that cancel each other out, unless one of them is chosen', () => {
    const speech = clipSamples('kathleen-a0004');
    const opposite = stereo(speech, speech.map((sample) => -0.97 * sample)); // prettier-ignore
    expect(warnings(opposite, { channels: 2 })).toEqual([expect.stringContaining('anti-phase')]);
    expect(warnings(opposite, { channels: 2, channel: 1 })).toEqual([]);
    const random = seeded(4);
    const room = stereo(speech, speech.map((sample) => 0.1 * random() - 0.9 * sample)); // prettier-ignore
    expect(warnings(room, { channels: 2, channel: 2 })).toEqual([]);
  });

  it('tells once, however long the stream', () => {
    const random = seeded(3);
    expect(warnings(Float32Array.from({ length: 160_000 }, () => 2 * random() - 1))).toHaveLength(
      1,
    );
  });
});

describe('createPauseWatch', () => {
  const unit = (end: number, pause: boolean): Unit => ({ index: 0, id: pause ? 0 : 1, start: 0, end, decided: end, confidence: 0, pause, forced: false }); // prettier-ignore
  const said = (units: readonly Unit[], isEnded = true): string[] => {
    const messages: string[] = [];
    const watch = createPauseWatch(({ message }) => messages.push(message));
    for (const one of units) watch.unit(one);
    if (isEnded) watch.end();
    return messages;
  };

  it('tells of a stream of pauses at its end, and of a long one before', () => {
    expect(said([unit(16_000, true), unit(32_000, true)])).toEqual([
      expect.stringContaining('got 2.0 s of pauses and nothing else'),
    ]);
    expect(said([unit(31_999, true)])).toEqual([]);
    expect(said([unit(480_000, true)], false)).toEqual([expect.stringContaining('30.0 s')]);
    expect(said([unit(480_000, true), unit(960_000, true)])).toHaveLength(1);
  });

  it('says nothing once somebody spoke, or of no unit at all', () => {
    expect(said([unit(4_000, false), unit(960_000, true)])).toEqual([]);
    expect(said([unit(400_000, true), unit(404_000, false), unit(960_000, true)])).toEqual([]);
    expect(said([])).toEqual([]);
  });
});
