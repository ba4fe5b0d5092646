import { rmSync } from 'node:fs';
import { concatMap, from, lastValueFrom, NEVER, Subject, take, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PipelineError } from '../../src/core/errors.ts';
import type { InferenceThread } from '../../src/models/inference/threads.ts';
import { readBundle } from '../../src/models/bundle/manifest.ts';
import { createUnitSpeaker, type UnitSpeaker } from '../../src/models/speak/unitSpeaker.ts';
import { speakUnits, type SpeakUnitsOptions } from '../../src/operators/speakUnits.ts';
import type { SpokenUnit } from '../../src/speak/unitWindow.ts';
import { joinChunks } from '../helpers/cuts.ts';
import { COARSE_SPEAK, speakingBundle } from '../helpers/speakingBundle.ts';

const UNITS: readonly SpokenUnit[] = [
  { id: 1, start: 0, end: 2080 },
  { id: 0, start: 2080, end: 20_000 },
  { id: 4, start: 20_000, end: 23_200 },
  { id: 2, start: 23_200, end: 24_000 },
  { id: 2, start: 24_000, end: 28_800 },
];

describe('speakUnits', () => {
  let bundle: string;
  let speaker: UnitSpeaker;
  beforeAll(async () => {
    bundle = speakingBundle();
    speaker = await createUnitSpeaker(await readBundle(bundle));
  });
  afterAll(async () => {
    await speaker.close();
    rmSync(bundle, { recursive: true });
  });

  const said = async (units: readonly SpokenUnit[], options?: SpeakUnitsOptions) =>
    joinChunks(await lastValueFrom(from(units).pipe(speakUnits(speaker, options), toArray())));

  it('gives as much sound as the units are long, and something is heard', async () => {
    const samples = await said(UNITS);
    expect(samples.length).toBe(28_800);
    expect(Math.max(...samples)).toBeGreaterThan(0.005);
    expect(samples.every(Number.isFinite)).toBe(true);
  });

  it('says the same however the units come, and whoever speaks beside it', async () => {
    const alone = await said(UNITS);
    const slowly$ = from(UNITS).pipe(
      concatMap(async (unit) => {
        await said([{ id: 3 }], { voice: 'two' });
        return unit;
      }),
      speakUnits(speaker),
      toArray(),
    );
    const beside = Promise.all(Array.from({ length: 8 }, (_, k) => said(UNITS.slice(k % 3))));
    expect(joinChunks(await lastValueFrom(slowly$))).toEqual(alone);
    await beside;
    const all = await Promise.all(Array.from({ length: 8 }, () => said(UNITS)));
    for (const one of all) expect(one).toEqual(alone);
  });

  it('says the same when its thread dies between two units, and under one', async () => {
    const alone = await said(UNITS);
    const threads: InferenceThread[] = [];
    const mortal = await createUnitSpeaker(await readBundle(bundle), {
      onThread: (thread) => threads.push(thread),
    });
    const spoken$ = from(UNITS).pipe(
      concatMap(async (unit, k) => {
        const death = k % 2 === 1 ? threads[0].kill() : undefined;
        if (k === 1) await death; // the other dies while it works
        return unit;
      }),
      speakUnits(mortal),
      toArray(),
    );
    expect(joinChunks(await lastValueFrom(spoken$))).toEqual(alone);
    expect(mortal.status().restarts).toBeGreaterThan(0);
    await mortal.close();
  });

  it('speaks predicted units as long as they mostly are', async () => {
    const { usualTokens } = speaker.config;
    const samples = await said([{ id: 2 }, { id: 3 }]);
    expect(samples.length).toBe(320 * (usualTokens[2] + usualTokens[3]));
  });

  it('says more of a unit whose finer name is known', async () => {
    const finer = UNITS.map((unit) => (unit.id === 0 ? unit : { ...unit, fine: unit.id + 3 }));
    const [known, unknown] = [await said(finer), await said(UNITS)];
    expect(known.length).toBe(unknown.length);
    expect(known).not.toEqual(unknown);
    await expect(said([{ id: 1, fine: 9 }])).rejects.toThrow(/a finer name from 0 to 8, got 9/);
  });

  it('leaves finer names aside where the vocoder takes none', async () => {
    const folder = speakingBundle(undefined, COARSE_SPEAK);
    const coarse = await createUnitSpeaker(await readBundle(folder));
    const by = async (units: readonly SpokenUnit[]) =>
      joinChunks(await lastValueFrom(from(units).pipe(speakUnits(coarse), toArray())));
    expect(await by(UNITS.map((unit) => ({ ...unit, fine: 3 })))).toEqual(await by(UNITS));
    await coarse.close();
    rmSync(folder, { recursive: true });
  });

  it('speaks a unit once the next is there, or at once', async () => {
    const heard = async (lookAhead: boolean, units: number): Promise<number> => {
      const source = new Subject<SpokenUnit>();
      const chunks: Float32Array[] = [];
      const first = new Promise<void>((done) => {
        source.pipe(speakUnits(speaker, { lookAhead })).subscribe(({ samples }) => {
          chunks.push(samples);
          done();
        });
      });
      for (const unit of UNITS.slice(0, units)) source.next(unit);
      await first;
      source.complete();
      return chunks[0].length;
    };
    // 13 frames of the first unit; the last two wait for what follows.
    expect(await heard(false, 1)).toBe(11 * 160);
    expect(await heard(true, 2)).toBe(11 * 160);
  });

  it('has voices that differ, and refuses one that is not there at once', async () => {
    expect(speaker.voices).toEqual(['one', 'two']);
    expect(await said(UNITS, { voice: 'two' })).not.toEqual(await said(UNITS, { voice: 'one' }));
    expect(await said(UNITS)).toEqual(await said(UNITS, { voice: 'one' }));
    expect(() => speakUnits(speaker, { voice: 'three' })).toThrow(
      expect.objectContaining({
        code: 'SYLSTREAM_ERR_VOICE',
        message: 'expected a voice among one, two, got "three"',
      }),
    );
  });

  it('sends what cannot be spoken downstream as an error, after what came before', async () => {
    const got: number[] = [];
    const failed = new Promise<unknown>((resolve) => {
      from([...UNITS, { id: 5 }])
        .pipe(speakUnits(speaker))
        .subscribe({ next: ({ samples }) => got.push(samples.length), error: resolve });
    });
    expect(await failed).toMatchObject({ code: 'SYLSTREAM_ERR_UNITS' });
  });

  it('frees its place in the thread when it is left, done or failed', async () => {
    const before = speaker.status().streams;
    await lastValueFrom(from(UNITS).pipe(speakUnits(speaker), take(1)));
    const left = NEVER.pipe(speakUnits(speaker)).subscribe();
    expect(speaker.status().streams).toBe(before + 1);
    left.unsubscribe();
    await expect(said([{ id: 9 }])).rejects.toThrow(PipelineError);
    await said(UNITS);
    expect(speaker.status().streams).toBe(before);
  });

  it('says nothing for no unit', async () => {
    expect((await said([])).length).toBe(0);
  });
});
