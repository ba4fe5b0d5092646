import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Settings, SylstreamServer } from '../../server/index.ts';
import { encodeS16le } from '../../src/audio/pcm.ts';
import { createWavDecoder } from '../../src/audio/wav.ts';
import { unitRecord } from '../../src/formats/jsonl.ts';
import { codecOf, SUBPROTOCOL_MSGPACK } from '../../src/protocol/index.ts';
import { readTextGrid } from '../../src/formats/readTextGrid.ts';
import { loadModels } from '../../src/models/loadModels.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { fromFile } from '../../src/streams/fromFile.ts';
import { speechUnits } from '../../src/streams/speechUnits.ts';
import type { SpeechUnitsOptions } from '../../src/streams/speechUnitsOptions.ts';
import { lastValueFrom, toArray } from 'rxjs';
import type { Unit } from '../../src/core/types.ts';
import { CONTINUATION_SECONDS } from '../../web/continuation.ts';
import { TINY } from '../helpers/bundles.ts';
import { drive, join } from '../helpers/cuts.ts';
import { predictedAfter } from '../helpers/predictions.ts';
import { unitsIn, wholeUnits } from '../helpers/pipeline.ts';
import { program } from '../helpers/require.ts';
import { withServer } from '../helpers/server.ts';
import { shownUnits } from '../helpers/shownUnits.ts';
import { clipSamples, fixture } from '../helpers/speech.ts';
import {
  activity,
  bundledPage,
  dropFile,
  listened,
  PATIENCE_MS,
  saved,
  savedUnits,
  screenshot,
  shown,
  withPage,
} from './studioPage.ts';

const CLIP = 'kathleen-a0002';

/** Units in the form of JSON lines, as the page saves them. */
function recordsOf(units: readonly Unit[]): unknown[] {
  return shown(units).map(unitRecord);
}

/** What of units does not hang on the last bit of a sample. */
function places(units: readonly Pick<Unit, 'id' | 'start' | 'end' | 'decided'>[]): unknown[] {
  return units.map(({ id, start, end, decided }) => [id, start, end, decided]);
}

/** The samples of a WAV file, interleaved. */
function samplesOf(path: string): Float32Array {
  const parts = drive(createWavDecoder(), [readFileSync(path)]);
  return join(parts.flatMap((part) => ('samples' in part ? [part.samples] : [])));
}

/** Chromium divides 16-bit samples above 0 by 32767 and the others by 32768 (media/base/audio_sample_types.h). */
function asChromiumDecodes(samples: Float32Array): Float32Array {
  return samples.map((sample) => (sample > 0 ? sample * 32_768 * Math.fround(1 / 32_767) : sample));
}

/** The units of a file as the command line cuts them, in the form of JSON lines. */
async function tokenized(
  path: string,
  models: Models,
  options?: SpeechUnitsOptions,
): Promise<unknown[]> {
  const events = await lastValueFrom(speechUnits(fromFile(path), models, options).pipe(toArray()));
  return recordsOf(unitsIn(events));
}

describe.runIf(program('chromium'))('the page', { timeout: 4 * PATIENCE_MS }, () => {
  const built = bundledPage();
  let models: Models;

  beforeAll(async () => {
    models = await loadModels({ bundle: TINY, workers: 1 });
  });
  afterAll(() => models.close());

  const serving = <T>(
    act: (server: SylstreamServer) => Promise<T>,
    settings?: Partial<Settings>,
  ): Promise<T> => withServer(models, { web: built.folder, ...settings }, act);

  it('cuts a dropped WAV file into the units of the command line', async () => {
    await serving((server) =>
      withPage(server.url, {}, async (page) => {
        await screenshot(page, 'empty-dark');
        await dropFile(page, 'speech.wav', readFileSync(fixture(`${CLIP}.wav`)));
        await activity(page, 'done');
        const units = await savedUnits(page);
        expect(units.length).toBeGreaterThan(5);
        expect(units).toEqual(await tokenized(fixture(`${CLIP}.wav`), models));
        await screenshot(page, 'dropped-file-dark');
      }),
    );
  });

  it.runIf(program('ffmpeg'))(
    'resamples stereo at 44.1 kHz as the command line does, as WAV and as FLAC',
    async () => {
      const [wav, flac] = ['stereo.wav', 'stereo.flac'].map((name) => joinPath(built.folder, name));
      const convert = (...args: string[]): void => {
        execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', ...args]);
      };
      // The right channel is late, so that a mix of both is not either of them.
      const filter = 'pan=stereo|c0=c0|c1=c0,adelay=0|7';
      convert(fixture(`${CLIP}.wav`), '-af', filter, '-ar', '44100', '-sample_fmt', 's16', wav);
      convert(wav, flac);
      const expected = await tokenized(wav, models);
      await serving((server) =>
        withPage(server.url, {}, async (page) => {
          await dropFile(page, 'stereo.wav', readFileSync(wav));
          await activity(page, 'done');
          expect(await savedUnits(page)).toEqual(expected);
          await dropFile(page, 'stereo.flac', readFileSync(flac));
          await activity(page, 'reading');
          await activity(page, 'done');
          const heard = asChromiumDecodes(samplesOf(wav));
          const options = { sampleRate: 44_100, channels: 2 };
          const expectedThere = await wholeUnits(heard, models, options);
          expect(places(await savedUnits(page))).toEqual(places(shown(expectedThere)));
        }),
      );
    },
  );

  it('saves the units as a TextGrid and the sound as it was', async () => {
    await serving((server) =>
      withPage(server.url, {}, async (page) => {
        await page.click('#sample');
        await activity(page, 'done');
        const reference = shown(await wholeUnits(clipSamples(CLIP), models));
        const grid = readTextGrid((await saved(page, 'textgrid')).toString(), 'page');
        const { items } = grid.tiers.find(({ name }) => name === 'units')!;
        expect(items.map(({ end, text }) => ({ end, text }))).toEqual(
          shownUnits(reference, clipSamples(CLIP).length),
        );
        const about = grid.tiers.find(({ name }) => name === 'sylstream')!.items[0].text;
        expect(about).toContain(`hash=${models.bundle.hash}`);
        const wav = await saved(page, 'wav');
        expect(wav.subarray(44).equals(encodeS16le(clipSamples(CLIP)))).toBe(true);
      }),
    );
  });

  it('cuts the recording anew when the dial is turned afterwards, with the keyboard', async () => {
    await serving((server) =>
      withPage(server.url, {}, async (page) => {
        await page.click('#sample');
        await activity(page, 'done');
        const natural = await savedUnits(page);
        await page.focus('#dial');
        await page.keyboard.press('End');
        await activity(page, 'sending');
        await activity(page, 'done');
        expect(await page.getAttribute('#dial', 'aria-valuetext')).toBe('8.33 units a second');
        const fast = await savedUnits(page);
        expect(fast).toEqual(await tokenized(fixture(`${CLIP}.wav`), models, { rate: 8.33 }));
        expect(fast).not.toEqual(natural);
      }),
    );
  });

  it('turns the dial of a running stream without beginning anew', async () => {
    const microphone = fixture(`${CLIP}.wav`);
    await serving(
      (server) =>
        withPage(server.url, { microphone }, async (page) => {
          const sent: unknown[] = [];
          const codec = codecOf(SUBPROTOCOL_MSGPACK)!;
          page.on('websocket', (socket) =>
            socket.on('framesent', ({ payload }) => sent.push(codec.decode(payload))),
          );
          await page.click('#record');
          await listened(page, 1);
          await page.focus('#dial');
          await page.keyboard.press('End');
          await listened(page, 3);
          await page.click('#record');
          await activity(page, 'done');
          const controls = sent.filter((message) => (message as { t: string }).t !== 'a');
          expect(controls).toMatchObject([
            { t: 'hello', rate: 'natural', pace: 'live' },
            { t: 'set', rate: 8.33 },
            { t: 'end' },
          ]);
        }),
      { livePace: 1.25 },
    );
  });

  it('shows what comes next behind a file and behind a running stream', async () => {
    const chips = (page: Page, id: string): Promise<string[]> =>
      page.locator(`#${id} span`).allInnerTexts();
    const predictedIn = async (units: readonly Unit[]): Promise<string[]> => {
      const options = { units: 300, seconds: CONTINUATION_SECONDS, temperature: 0 };
      const predicted = await predictedAfter(models, units, options);
      return predicted.map(({ id }) => (id === 0 ? '·' : String(id)));
    };
    const microphone = fixture(`${CLIP}.wav`);
    await serving(
      (server) =>
        withPage(server.url, { microphone }, async (page) => {
          expect(await page.isVisible('#predict')).toBe(false); // nothing is known of a model yet
          await page.click('#sample');
          await activity(page, 'done');
          await page.click('#predict');
          await activity(page, 'sending');
          await activity(page, 'done');
          const units = await wholeUnits(clipSamples(CLIP), models);
          expect(await savedUnits(page)).toEqual(recordsOf(units));
          expect(await chips(page, 'predicted')).toEqual(await predictedIn(units));
          await screenshot(page, 'predicted-behind-file-dark');

          await page.click('#record');
          await listened(page, 2);
          await page.locator('#predicted span').first().waitFor();
          await screenshot(page, 'predicted-live-dark');
          await page.click('#predict');
          expect(await page.isVisible('#predicted')).toBe(false);
          await page.click('#record');
          await activity(page, 'done');
        }),
      { livePace: 1.25 },
    );
  });

  it('walks through the units with the arrow keys and says what they are', async () => {
    await serving((server) =>
      withPage(server.url, { colorScheme: 'light' }, async (page) => {
        await page.click('#sample');
        await activity(page, 'done');
        const units = await savedUnits(page);
        await page.focus('#timeline');
        for (const unit of units.slice(0, 3)) {
          await page.keyboard.press('ArrowRight');
          const start = (unit.start / 16_000).toFixed(2);
          const kind = unit.pause ? /^(Pause|Short silence[^·]*)/ : new RegExp(`^Unit ${unit.id}`);
          const said = (await page.textContent('#inspector'))!;
          expect(said).toMatch(kind);
          expect(said).toContain(` · ${start} to `);
        }
        await screenshot(page, 'chosen-unit-light');
      }),
    );
  });

  it('can be used on a phone', async () => {
    await serving((server) =>
      withPage(server.url, { width: 390, height: 844, colorScheme: 'light' }, async (page) => {
        await page.click('#sample');
        await activity(page, 'done');
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - innerWidth,
        );
        expect(overflow).toBe(0);
        await screenshot(page, 'phone-light');
      }),
    );
  });
});
