import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { from, lastValueFrom, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SylstreamServer } from '../../server/index.ts';
import { decodePcm, encodeS16le } from '../../src/audio/pcm.ts';
import { loadModels, type Models } from '../../src/models/loadModels.ts';
import { speakUnits } from '../../src/operators/speakUnits.ts';
import type { SpokenUnit } from '../../src/speak/unitWindow.ts';
import { CONTINUATION_SECONDS } from '../../web/continuation.ts';
import { joinChunks } from '../helpers/cuts.ts';
import { wholeUnits } from '../helpers/pipeline.ts';
import { predictedAfter } from '../helpers/predictions.ts';
import { program } from '../helpers/require.ts';
import { withServer } from '../helpers/server.ts';
import { speakingBundle } from '../helpers/speakingBundle.ts';
import { clipSamples, fixture } from '../helpers/speech.ts';
import { activity, bundledPage, dropFile, PATIENCE_MS, withPage } from './studioPage.ts';

const CLIP = 'kathleen-a0002';

/** Keeps what goes to the loudspeakers: every quantum, in a worklet beside the page's own, from the page's origin. */
const RECORDER = `registerProcessor('recorder', class extends AudioWorkletProcessor {
  process([[channel]]) { if (channel) this.port.postMessage(channel.slice()); return true; }
});`;

async function recordOutput(page: Page): Promise<void> {
  await page.evaluate(() => {
    const heard: number[] = [];
    Object.assign(globalThis, { heard });
    const add = AudioWorklet.prototype.addModule;
    AudioWorklet.prototype.addModule = async function (url) {
      await add.call(this, url);
      await add.call(this, 'recorder.js');
    };
    const connect = AudioNode.prototype.connect as (this: AudioNode, to: AudioNode) => AudioNode;
    AudioNode.prototype.connect = function (this: AudioNode, to: AudioNode) {
      if (to === this.context.destination) {
        const recorder = new AudioWorkletNode(this.context, 'recorder');
        recorder.port.addEventListener('message', ({ data }: MessageEvent<Float32Array>) =>
          heard.push(...data),
        );
        recorder.port.start();
        connect.call(this, recorder);
        connect.call(recorder, to); // it is run only where it leads somewhere
      }
      return connect.call(this, to);
    } as typeof AudioNode.prototype.connect;
  });
}

/** Clicks, waits until all is said, and returns what was heard. */
async function heardAfter(page: Page, click: () => Promise<void>): Promise<Float32Array> {
  await page.evaluate(() => void ((globalThis as unknown as { heard: number[] }).heard.length = 0));
  await click();
  await page.waitForFunction(() => document.querySelector('#play')!.textContent === 'Stop');
  await page.waitForFunction(() => document.querySelector('#play')!.textContent === 'Play');
  const problem = (await page.isVisible('#notice')) ? await page.textContent('#notice') : '';
  expect(problem).toBe('');
  return Float32Array.from(
    await page.evaluate(() => (globalThis as unknown as { heard: number[] }).heard),
  );
}

/** Samples that are not 0: where a busy machine is late, silence lies between. */
const loud = (samples: Float32Array): Float32Array => samples.filter((sample) => sample !== 0);

describe.runIf(program('chromium'))('the page', { timeout: 4 * PATIENCE_MS }, () => {
  const built = bundledPage();
  let bundle: string;
  let models: Models;
  beforeAll(async () => {
    writeFileSync(join(built.folder, 'recorder.js'), RECORDER);
    bundle = speakingBundle();
    models = await loadModels({ bundle, workers: 1, speak: true });
  });
  afterAll(async () => {
    await models.close();
    rmSync(bundle, { recursive: true });
  });

  const serving = (act: (server: SylstreamServer) => Promise<void>, of = models): Promise<void> =>
    withServer(of, { web: built.folder }, act);

  async function expected(units: readonly SpokenUnit[]): Promise<Float32Array> {
    const said$ = from(units).pipe(speakUnits(models.speaker!, { voice: 'two' }), toArray());
    return decodePcm(encodeS16le(joinChunks(await lastValueFrom(said$))), 's16le');
  }

  it('speaks a recording’s units, one that is touched, and what comes next, in another voice', () =>
    serving(({ url }) =>
      withPage(url, {}, async (page) => {
        await recordOutput(page);
        await dropFile(page, `${CLIP}.wav`, readFileSync(fixture(`${CLIP}.wav`)));
        await activity(page, 'done');
        const units = await wholeUnits(clipSamples(CLIP), models);
        await page.selectOption('#voice', 'two');
        const whole = await heardAfter(page, () => page.click('#play'));
        expect(loud(whole)).toEqual(loud(await expected(units)));
        // What was heard is speech to the tokenizer too.
        const again = await wholeUnits(whole, models);
        expect(again.some(({ pause }) => !pause)).toBe(true);

        await page.focus('#timeline');
        await page.keyboard.press('Home');
        const one = await heardAfter(page, () => page.keyboard.press('Enter'));
        expect(loud(one)).toEqual(loud(await expected(units.slice(0, 1))));

        await page.click('#predict');
        await page.waitForSelector('#say-next:not([hidden])');
        await activity(page, 'done');
        const next = await heardAfter(page, () => page.click('#say-next'));
        const predicted = await predictedAfter(models, units, { units: 300, seconds: CONTINUATION_SECONDS, temperature: 0 }); // prettier-ignore
        expect(loud(next)).toEqual(loud(await expected(predicted.map(({ id }) => ({ id })))));
      }),
    ));

  it('offers no voices where the bundle has none', () => {
    const { speaker: _, ...mute } = models;
    return serving(
      ({ url }) =>
        withPage(url, {}, async (page) => {
          await dropFile(page, `${CLIP}.wav`, readFileSync(fixture(`${CLIP}.wav`)));
          await activity(page, 'done');
          expect(await page.isVisible('#voice')).toBe(false);
          expect(await page.isVisible('#say-next')).toBe(false);
        }),
      mute,
    );
  });
});
