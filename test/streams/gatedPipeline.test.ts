import { lastValueFrom, tap, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModels } from '../../src/models/loadModels.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { fromBytes } from '../../src/streams/fromBytes.ts';
import { createGate } from '../../src/streams/gate.ts';
import { fromPcm } from '../../src/streams/fromPcm.ts';
import { speechUnits } from '../../src/streams/speechUnits.ts';
import { TINY } from '../helpers/bundles.ts';
import { longSpeech, unitsIn, wholeUnits } from '../helpers/pipeline.ts';

describe('a gate between a file and the pipeline', () => {
  let models: Models;
  beforeAll(async () => {
    models = await loadModels({ bundle: TINY, workers: 1 });
  });
  afterAll(() => models.close());

  it.each([
    [1000, 1600],
    [2000, 160],
    [2000, 16_000],
  ])(
    'keeps the source within %i ms of the encoder, in chunks of %i, and the units as they are',
    async (aheadMs, chunkSamples) => {
      const samples = longSpeech(20);
      const gate = createGate({ aheadMs });
      let sent = 0;
      let processed = 0;
      let furthest = 0;
      const chunks$ = fromPcm(samples, { gate, chunkSamples }).pipe(
        tap((chunk) => {
          sent += chunk.samples.length;
          furthest = Math.max(furthest, sent - processed);
        }),
      );
      const events = await lastValueFrom(
        speechUnits(chunks$, models, {
          onProgress(sample) {
            processed = sample;
            gate.processed(sample);
          },
        }).pipe(toArray()),
      );
      expect(sent).toBe(samples.length);
      expect(furthest).toBeLessThanOrEqual(16 * aheadMs + chunkSamples);
      expect(furthest).toBeGreaterThan(8 * aheadMs);
      expect(unitsIn(events)).toEqual(await wholeUnits(samples, models));
    },
  );

  /** The samples as bytes, and how far reading them ever was ahead of the encoder, in samples. */
  function counted(samples: Float32Array) {
    const { buffer } = Float32Array.from(samples);
    const ahead = { read: 0, processed: 0, furthest: 0 };
    function* bytes(): Generator<Uint8Array> {
      for (let at = 0; at < samples.length; at += 1_600) {
        const piece = new Uint8Array(buffer, 4 * at, 4 * Math.min(1_600, samples.length - at));
        ahead.read += piece.length / 4;
        ahead.furthest = Math.max(ahead.furthest, ahead.read - ahead.processed);
        yield piece;
      }
    }
    return { ahead, bytes };
  }
  const FORMAT = { encoding: 'f32le', sampleRate: 16_000, channels: 1 } as const;

  it('is there by itself where the pipeline gets the source as it is, and the units are the same', async () => {
    const samples = longSpeech(20);
    const { ahead, bytes } = counted(samples);
    const onProgress = (sample: number): void => void (ahead.processed = sample);
    const events = await lastValueFrom(
      speechUnits(fromBytes(bytes(), FORMAT), models, { onProgress }).pipe(toArray()),
    );
    expect(ahead.read).toBe(samples.length);
    expect(ahead.furthest).toBeLessThanOrEqual(32_000 + 2 * 1_600);
    expect(unitsIn(events)).toEqual(await wholeUnits(samples, models));
  });

  it('is one of each subscription', async () => {
    const samples = longSpeech(6);
    const units$ = speechUnits(fromPcm(samples), models).pipe(toArray());
    const [one, two] = await Promise.all([lastValueFrom(units$), lastValueFrom(units$)]);
    expect(unitsIn(one)).toEqual(await wholeUnits(samples, models));
    expect(two).toEqual(one);
  });

  it('is the user’s own where the source has one', async () => {
    const gate = createGate({ aheadMs: 1_000 });
    const { ahead, bytes } = counted(longSpeech(10));
    const chunks$ = fromBytes(bytes(), FORMAT, { gate });
    const onProgress = (sample: number): void => {
      ahead.processed = sample;
      gate.processed(sample);
    };
    await lastValueFrom(speechUnits(chunks$, models, { onProgress }));
    expect(ahead.furthest).toBeLessThanOrEqual(16_000 + 2 * 1_600);
  });

  it.each([{ sampleRate: 48_000 }, { channels: 2 }])(
    'goes with 16 kHz mono only: %j is refused for a source that gives nothing else',
    (format) => {
      expect(() => speechUnits(fromPcm(new Float32Array(1_600)), models, format)).toThrow(
        RangeError,
      );
    },
  );
});
