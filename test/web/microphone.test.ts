import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { lastValueFrom, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePcm, encodeS16le } from '../../src/audio/pcm.ts';
import { scoreBoundaries } from '../../src/segments/scores.ts';
import { WAV_HEADER_BYTES, wavHeader } from '../../src/audio/wavWriter.ts';
import { loadModels } from '../../src/models/loadModels.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { fromFile } from '../../src/streams/fromFile.ts';
import type { Unit } from '../../src/core/types.ts';
import { msToSamples, SAMPLE_RATE } from '../../src/core/time.ts';
import { SMALL } from '../helpers/bundles.ts';
import { joinChunks } from '../helpers/cuts.ts';
import { longSpeech, wholeUnits } from '../helpers/pipeline.ts';
import { present, program } from '../helpers/require.ts';
import { withServer } from '../helpers/server.ts';
import { delayed, locate } from './alignment.ts';
import {
  activity,
  bundledPage,
  listened,
  PATIENCE_MS,
  saved,
  savedUnits,
  screenshot,
  shown,
  withPage,
} from './studioPage.ts';

const SPEECH_SECONDS = 14;
/** Silence before and after it in the microphone's file. */
const SILENCE = 16_000;
const TOLERANCE = { toleranceSamples: msToSamples(20) };
/** How long the piece is by which the start is found, and how late the browser may begin to play. */
const PIECE = msToSamples(500);
const LATEST_START = msToSamples(4000);
/** A busy machine may drop some of the microphone's sound; then the recording is made again. */
const ATTEMPTS = 4;

/** What is compared of a unit. */
type NamedSpan = Pick<Unit, 'id' | 'start' | 'end'>;

/** What the page recorded. */
interface Heard {
  readonly units: NamedSpan[];
  /** Sample at which the file's first sample was heard. */
  readonly start: number;
  /** Samples that were dropped or doubled on the way, by the distance of the file's first and last half second. */
  readonly slip: number;
}

async function record(page: Page, samples: Float32Array): Promise<Heard> {
  await page.click('#record');
  await activity(page, 'recording');
  await listened(page, 9);
  await screenshot(page, 'microphone-dark');
  await listened(page, LATEST_START / SAMPLE_RATE + SPEECH_SECONDS);
  await page.click('#record');
  await activity(page, 'done');
  const sound = decodePcm((await saved(page, 'wav')).subarray(WAV_HEADER_BYTES), 's16le');
  const { at: start } = locate(samples.subarray(0, PIECE), sound, 0, LATEST_START);
  const last = samples.length - PIECE;
  const expected = start + last;
  const end = locate(samples.subarray(last), sound, expected - SILENCE, expected + SILENCE);
  return { units: await savedUnits(page), start, slip: end.at - expected };
}

/** F1 of the boundaries and the share of the file's units whose middle carries the same unit in the recording. */
function agreement(
  heard: readonly NamedSpan[],
  file: readonly NamedSpan[],
  start: number,
): { readonly f1: number; readonly same: number } {
  const units = file.filter((unit) => unit.end > start);
  // The first and the last end are where the sound begins and stops, not boundaries between syllables.
  const reference = units.slice(0, -1).map(({ end }) => end);
  const first = reference[0] - TOLERANCE.toleranceSamples;
  const last = reference.at(-1)! + TOLERANCE.toleranceSamples;
  const found = heard.map(({ end }) => end).filter((end) => first <= end && end <= last);
  const same = units.filter((unit) => {
    const middle = (Math.max(start, unit.start) + unit.end) / 2;
    return heard.find((other) => other.start <= middle && middle < other.end)?.id === unit.id;
  });
  const { f1 } = scoreBoundaries(found, reference, TOLERANCE);
  return { f1, same: same.length / units.length };
}

const ready =
  program('chromium') && program('ffmpeg') && present('models/small', existsSync(SMALL));

describe.runIf(ready)('the page with a microphone', { timeout: 4 * PATIENCE_MS }, () => {
  const built = bundledPage();
  const wav = join(built.folder, 'microphone.wav');
  let samples: Float32Array;
  let models: Models;

  beforeAll(async () => {
    const speech = longSpeech(SPEECH_SECONDS);
    const padded = new Float32Array(speech.length + 2 * SILENCE);
    padded.set(speech, SILENCE);
    const bytes = encodeS16le(padded);
    const header = wavHeader({ sampleRate: SAMPLE_RATE, channels: 1 }, bytes.length);
    // At the rate of Chromium's fake device, so that only the project resamples: as for any file, and for most microphones.
    execFileSync('ffmpeg', ['-v', 'error', '-i', '-', '-ar', '44100', wav], {
      input: Buffer.concat([header, bytes]),
    });
    const file = joinChunks(await lastValueFrom(fromFile(wav).pipe(toArray())));
    samples = file.subarray(SILENCE, SILENCE + speech.length);
    models = await loadModels({ bundle: SMALL, workers: 1 });
  });
  afterAll(() => models.close());

  it('hears the units of the file that the microphone plays', async () => {
    let heard: Heard | undefined;
    for (let n = 0; n < ATTEMPTS && heard?.slip !== 0; n++) {
      heard = await withServer(models, { web: built.folder, livePace: 1.25 }, (server) =>
        withPage(server.url, { microphone: wav }, (page) => record(page, samples)),
      );
      console.log(`fake microphone: start ${heard.start}, slip ${heard.slip} samples`);
    }
    const { units, start } = heard!;
    // The start is arbitrary, and tokens and encoder chunks lie on a grid from the first sample on: the file's own units
    // are those of the file at that start.
    const there = agreement(units, shown(await wholeUnits(delayed(samples, start), models)), start);
    const whole = shown(await wholeUnits(samples, models)).map((unit) => ({
      ...unit,
      start: unit.start + start,
      end: unit.end + start,
    }));
    const atZero = agreement(units, whole, start);
    const words = ({ f1, same }: typeof there): string =>
      `F1 ${f1.toFixed(3)} at 20 ms, same unit on ${(100 * same).toFixed(1)} %`;
    console.log(`against the file from that start on: ${words(there)}`);
    console.log(`against the file from sample 0 on: ${words(atZero)}`);
    expect(there.f1).toBeGreaterThanOrEqual(0.95);
    expect(there.same).toBeGreaterThanOrEqual(0.8);
  });
});
