import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { SpeechEvent, Unit } from '../../src/core/types.ts';
import { loadModels } from '../../src/models/loadModels.ts';
import { readBundle } from '../../src/models/bundle/manifest.ts';
import { scoreBoundaries } from '../../src/segments/scores.ts';
import { fromFile } from '../../src/streams/fromFile.ts';
import { speechUnits } from '../../src/streams/speechUnits.ts';
import { SMALL, TINY, TINY_CAUSAL } from '../helpers/bundles.ts';
import { program } from '../helpers/require.ts';
import { fixture } from '../helpers/speech.ts';
import { eventsIn, load, type PageScope } from './inPage.ts';
import { inPage, librarySite } from './libraryPage.ts';

const CLIP = fixture('kathleen-a0002.wav');
/** 20 ms at 16 kHz. */
const TOLERANCE_SAMPLES = 320;
const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

const unitsOf = (events: readonly { readonly type: string }[]): Unit[] =>
  (events as SpeechEvent[]).flatMap((event) => (event.type === 'unit' ? [event.unit] : []));

async function inNode(bundle: string, precision: 'int8' | 'fp32'): Promise<Unit[]> {
  const models = await loadModels({ bundle, precision, workers: 1, lm: false });
  try {
    return unitsOf(await lastValueFrom(speechUnits(fromFile(CLIP), models).pipe(toArray())));
  } finally {
    await models.close();
  }
}

describe.runIf(program('chromium'))('a page without a server', { timeout: 120_000 }, () => {
  const site = librarySite({ tiny: TINY, causal: TINY_CAUSAL, broken: TINY, small: SMALL });

  it.each([
    ['causal', TINY_CAUSAL, 'fp32'],
    ['small', SMALL, 'fp32'],
    ['small', SMALL, 'int8'],
  ] as const)(
    'cuts a file of %s as Node does, its network off: %#',
    async (name, folder, precision) => {
      const expected = await inNode(folder, precision);
      const found = await inPage(site, async (page) => {
        expect(await load(page, name, { precision })).toBe((await readBundle(folder)).hash);
        await page.context().setOffline(true);
        return unitsOf(await eventsIn(page, CLIP));
      });
      const ends = (units: readonly Unit[]): number[] => units.map(({ end }) => end);
      const { f1 } = scoreBoundaries(ends(found), ends(expected), {
        toleranceSamples: TOLERANCE_SAMPLES,
      });
      expect(f1).toBeGreaterThanOrEqual(0.999);
      const same = found.filter(({ id }, i) => id === expected[i]?.id).length;
      expect(same / expected.length).toBeGreaterThanOrEqual(0.99);
    },
  );

  it('fetches what it needs once, checks it, and starts without the server the next time', async () => {
    await inPage(site, async (page) => {
      site.served.asked.length = 0;
      const hash = await load(page, 'small');
      const asked = site.served.asked.filter((path) => path.startsWith('models/'));
      expect(asked.toSorted()).toEqual(
        [
          'codebook.safetensors',
          'config.json',
          'lm/config.json',
          'manifest.json',
          'onnx/step_int8.onnx',
        ].map((path) => `models/small/${path}`),
      );
      const { files } = (await readBundle(SMALL)).manifest;
      const bytes = asked.map((path) => files[path.slice('models/small/'.length)]?.bytes ?? 0);
      expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThan(15e6);

      site.served.asked.length = 0;
      site.served.down = 'models/';
      expect(await load(page, 'small')).toBe(hash);
      expect(site.served.asked.filter((path) => path.startsWith('models/'))).toEqual([
        'models/small/manifest.json',
      ]);
      site.served.down = undefined;
    });
  });

  it('says what is wrong with a bundle: a file that is damaged, absent or another one than was meant', async () => {
    const damaged = join(site.folder, 'models/broken/codebook.safetensors');
    await inPage(site, async (page) => {
      writeFileSync(damaged, Buffer.alloc(680));
      expect(await load(page, 'broken')).toMatchObject({
        code: 'SYLSTREAM_ERR_BUNDLE_HASH',
        message: expect.stringMatching(
          /codebook\.safetensors is damaged: expected 680 bytes with SHA-256 \w{64}, found 680 bytes with \w{64}/,
        ),
      });
      writeFileSync(damaged, Buffer.alloc(681));
      expect(await load(page, 'broken')).toMatchObject({ code: 'SYLSTREAM_ERR_BUNDLE_HASH' });
      rmSync(damaged);
      expect(await load(page, 'broken')).toMatchObject({ code: 'SYLSTREAM_ERR_BUNDLE_MISSING' });
      expect(await load(page, 'nowhere')).toMatchObject({ code: 'SYLSTREAM_ERR_BUNDLE_MISSING' });
      expect(await load(page, 'tiny', { hash: 'ab'.repeat(32) })).toMatchObject({
        code: 'SYLSTREAM_ERR_BUNDLE_HASH',
        message: expect.stringContaining('is another bundle'),
      });
    });
  });

  it('predicts what comes next, and falls back along the list of providers', async () => {
    await inPage(site, async (page) => {
      await load(page, 'tiny', { lm: true, providers: ['webgpu', 'cpu'] });
      const about = await page.evaluate(() => {
        const { models: loaded } = globalThis as unknown as PageScope;
        return { provider: loaded.provider, refused: loaded.refused.length, lm: loaded.lm };
      });
      expect(about).toEqual({ provider: 'cpu', refused: 2, lm: true });
      const events = await eventsIn(page, CLIP, { continuations: { n: 2, units: 12, seed: 7 } });
      // How much of one that was overtaken came is a matter of time; the last one is whole.
      const last = unitsOf(events).length - 1;
      const predicted = events.filter((one) => one.type === 'predicted' && one.after === last);
      expect(predicted).toHaveLength(24);
      expect(events.at(-1)).toMatchObject({ type: 'continued', after: last, reason: 'done' });
    });
  });

  it('uses threads where it is isolated, to the same units', async () => {
    site.send(ISOLATED);
    await inPage(site, async (page) => {
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
      await load(page, 'tiny', { precision: 'fp32' });
      const alone = await eventsIn(page, CLIP);
      await load(page, 'tiny', { precision: 'fp32', threads: 2 });
      expect(await eventsIn(page, CLIP)).toEqual(alone);
    });
    site.send({});
  });

  it('fails with a code where it is misused, too slow, or over', async () => {
    await inPage(site, async (page) => {
      await load(page, 'tiny');
      const told = await page.evaluate(async () => {
        const { lib, rxjs, models } = globalThis as unknown as PageScope;
        const outcome = async (run: () => import('rxjs').Observable<unknown>): Promise<string> => {
          try {
            await rxjs.lastValueFrom(run(), { defaultValue: undefined });
            return 'done';
          } catch (error) {
            return (error as { code?: string }).code ?? (error as Error).name;
          }
        };
        const sound = new Float32Array(16_000 * 20);
        const flood$ = rxjs.of({ samples: sound });
        return {
          rate: await outcome(() => lib.speechUnits(lib.fromPcm(sound), models, { rate: 99 })),
          behind: await outcome(() => lib.speechUnits(flood$, models)),
          misused: await outcome(() => lib.speechUnits(flood$, models, { maxBehindMs: 1 })),
          noSound: await outcome(() => lib.speechUnits(lib.fromBlob(new Blob(['words'])), models)),
          empty: await outcome(() => lib.speechUnits(lib.fromBlob(new Blob([])), models)),
          closed: await outcome(() => {
            setTimeout(() => models.close(), 50);
            return lib.speechUnits(rxjs.NEVER, models);
          }),
          after: await outcome(() => lib.speechUnits(flood$, models)),
        };
      });
      expect(told).toEqual({
        rate: 'RangeError',
        behind: 'SYLSTREAM_ERR_OVERRUN',
        misused: 'RangeError',
        noSound: 'SYLSTREAM_ERR_AUDIO_FORMAT',
        empty: 'SYLSTREAM_ERR_AUDIO_EMPTY',
        closed: 'SYLSTREAM_ERR_CLOSED',
        after: 'SYLSTREAM_ERR_CLOSED',
      });
    });
  });

  it('keeps no more after a minute of sound than after twenty seconds', async () => {
    site.send(ISOLATED); // such a page may be measured
    const marks = await inPage(site, async (page) => {
      await load(page, 'causal');
      return page.evaluate(async () => {
        const { lib, rxjs, models } = globalThis as unknown as PageScope;
        // A tone that comes and goes: segments and pauses.
        const sound = Float32Array.from({ length: 16_000 * 60 }, (_, i) =>
          i % 8_000 < 5_000 ? 0.3 * Math.sin(i * (0.05 + (i >> 14) / 1e4)) : 0,
        );
        const { measureUserAgentSpecificMemory: measure } = performance as unknown as {
          measureUserAgentSpecificMemory(): Promise<{ bytes: number }>;
        };
        const taken: Promise<{ bytes: number }>[] = [];
        const onProgress = (sample: number): void => {
          if (sample > 16_000 * 19 * (1 + 2 * taken.length)) taken.push(measure.call(performance));
        };
        const units$ = lib.speechUnits(lib.fromPcm(sound), models, { onProgress });
        await rxjs.lastValueFrom(units$);
        return (await Promise.all(taken)).map(({ bytes }) => bytes);
      });
    });
    site.send({});
    expect(marks).toHaveLength(2);
    // Forty seconds of sound alone are 2.6 MB.
    expect(marks[1] - marks[0]).toBeLessThan(1.5e6);
  });
});
