import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeS16le } from '../../src/audio/pcm.ts';
import type { SpeechEvent } from '../../src/core/types.ts';
import { loadModels, type Models } from '../../src/models/loadModels.ts';
import { fromWav } from '../../src/streams/fromWav.ts';
import { createGate } from '../../src/streams/gate.ts';
import { aheadMsFor } from '../../src/streams/laneLength.ts';
import { speechUnits } from '../../src/streams/speechUnits.ts';
import type { SpeechUnitsOptions } from '../../src/streams/speechUnitsOptions.ts';
import { TINY } from '../helpers/bundles.ts';
import { ENGINE, sylstream } from '../helpers/cli.ts';
import { clipSamples } from '../helpers/speech.ts';
import { formatBody, riff, riffChunk } from '../helpers/wav.ts';

const SECONDS = 150; // three lanes and a half

/** A WAV file of speech, said at this rate; at 16 kHz as it is. */
function recording(sampleRate: number): string {
  const clip = clipSamples('kathleen-a0002');
  const samples = Float32Array.from(
    { length: SECONDS * sampleRate },
    (_, i) => clip[i % clip.length],
  );
  const path = join(mkdtempSync(join(tmpdir(), 'sylstream-')), `${sampleRate}.wav`);
  const format = riffChunk('fmt ', formatBody({ sampleRate }));
  writeFileSync(path, riff([format, riffChunk('data', encodeS16le(samples))]));
  return path;
}

describe('speechUnits in lanes', () => {
  let models: Models;
  let gathering: Models;
  beforeAll(async () => {
    models = await loadModels({ bundle: TINY, workers: 1, lm: false });
    gathering = await loadModels({ bundle: TINY, workers: 2, lm: false, gathers: true });
  });
  afterAll(() => Promise.all([models.close(), gathering.close()]));

  const events = (path: string, own: Models, options: SpeechUnitsOptions): Promise<SpeechEvent[]> =>
    lastValueFrom(speechUnits(fromWav(path), own, options).pipe(toArray()));

  it.each([
    ['at 16 kHz', 16_000, {}],
    ['resampled', 44_100, { rate: 5, features: true }],
    ['with the provisional tail', 8_000, { partials: true, maxDelayMs: 300 }],
  ] as const)('gives the events of one lane, bit for bit: %s', async (_, sampleRate, options) => {
    const path = recording(sampleRate);
    const right = await events(path, models, options);
    expect(await events(path, gathering, { ...options, lanes: 3 })).toEqual(right);
    expect(await events(path, models, { ...options, lanes: 32 })).toEqual(right);
  });

  it('needs no more audio ahead than a gate of its own lets come', async () => {
    const path = recording(16_000);
    const lanes = 2;
    const gate = createGate({ aheadMs: aheadMsFor(lanes) });
    const options = { lanes, onProgress: gate.processed };
    const got = await lastValueFrom(
      speechUnits(fromWav(path, { gate }), gathering, options).pipe(toArray()),
    );
    expect(got).toEqual(await events(path, models, {}));
  });

  it.each([0, 1.5, 1025, Number.NaN])('refuses %s lanes', (lanes) => {
    expect(() => speechUnits(fromWav('x.wav'), models, { lanes })).toThrow(RangeError);
  });
});

describe('tokenize of one long file', () => {
  it('prints what it prints of the same on standard input, which has one lane', async () => {
    const path = recording(16_000);
    const file = await sylstream(['tokenize', ...ENGINE, path]);
    expect(file).toMatchObject({ status: 0 });
    expect(await sylstream(['tokenize', ...ENGINE, '-'], { input: readFileSync(path) })).toEqual(
      file,
    );
  });
});
