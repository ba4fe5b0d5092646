import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { matchSegments, scoreBoundaries } from '../../../src/segments/scores.ts';
import { encodeS16le } from '../../../src/audio/pcm.ts';
import { unitBoundaries } from '../../../src/segments/unitReport.ts';
import { wavHeader } from '../../../src/audio/wavWriter.ts';
import { loadModels, type Models } from '../../../src/models/loadModels.ts';
import { fromMicrophone } from '../../../src/streams/microphone/fromMicrophone.ts';
import { takeSamples } from '../../../src/streams/takeSamples.ts';
import { SMALL, TINY } from '../../helpers/bundles.ts';
import { wholeUnits } from '../../helpers/pipeline.ts';
import { present, program } from '../../helpers/require.ts';
import { CLIPS, clipSamples } from '../../helpers/speech.ts';
import {
  naudiodonIsHere,
  scratch,
  type SoundServer,
  startSoundServer,
} from '../../helpers/virtualMicrophone.ts';

/** All clips, one after the other: a dozen seconds, so that one boundary more or less does not decide. */
const SPEECH = Float32Array.from(CLIPS.flatMap((clip) => [...clipSamples(clip)]));
const FORMAT = { sampleRate: 16_000, channels: 1 };
/** Heard beyond the clip: the player's start and the server's delay. */
const EXTRA_SAMPLES = 32_000;
/** The stretch of the clip that is looked for in the recording. */
const PROBE = { from: 8_000, to: 16_000 };

/** Listens while the clip is played. */
async function record(source: 'parec' | 'naudiodon'): Promise<Float32Array> {
  const path = join(scratch(), 'speech.wav');
  writeFileSync(path, Buffer.concat([wavHeader(FORMAT, 2 * SPEECH.length), encodeS16le(SPEECH)]));
  const play = (): void => void spawn('paplay', ['--device=virtmic', path]);
  const heard$ = fromMicrophone({ source, onSource: play }).pipe(
    takeSamples(SPEECH.length + EXTRA_SAMPLES),
    toArray(),
  );
  const chunks = await lastValueFrom(heard$);
  return Float32Array.from(chunks.flatMap(({ samples }) => [...samples]));
}

/** Where the clip begins in what was heard, and how like it is (normalised cross-correlation). */
function align(heard: Float32Array): { lag: number; likeness: number } {
  const probe = SPEECH.subarray(PROBE.from, PROBE.to);
  const norm = Math.hypot(...probe);
  let best = { lag: 0, likeness: -1 };
  for (let lag = 0; lag < EXTRA_SAMPLES; lag++) {
    let product = 0;
    let energy = 0;
    for (let i = 0; i < probe.length; i++) {
      const sample = heard[lag + PROBE.from + i];
      product += probe[i] * sample;
      energy += sample * sample;
    }
    const likeness = product / (norm * Math.sqrt(Math.max(energy, 1e-9)));
    if (likeness > best.likeness) best = { lag, likeness };
  }
  return best;
}

/** The clip as it would be heard by a perfect microphone after `lag` samples of silence. */
function perfect(lag: number, length: number): Float32Array {
  const samples = new Float32Array(length);
  samples.set(SPEECH.subarray(0, length - lag), lag);
  return samples;
}

const sound = program('pulseaudio') && program('paplay') && program('parec');

describe.runIf(sound)('a microphone through a sound server', () => {
  let server: SoundServer;
  let models: Models;
  beforeAll(async () => {
    server = await startSoundServer();
    Object.assign(process.env, server.env);
    models = await loadModels({ bundle: existsSync(SMALL) ? SMALL : TINY, workers: 1 });
  });
  afterAll(async () => {
    server.stop();
    await models.close();
  });

  it.each(['parec', 'naudiodon'] as const)(
    'gives nearly the units of what is played, through %s (F1 >= 0.95 at 20 ms, same unit >= 80 %)',
    async (source) => {
      if (source === 'naudiodon' && !present('naudiodon with ALSA', naudiodonIsHere())) return;
      const heard = await record(source);
      const { lag, likeness } = align(heard);
      expect(likeness).toBeGreaterThan(0.95);
      const units = await wholeUnits(heard, models);
      const reference = await wholeUnits(perfect(lag, heard.length), models);
      const { f1 } = scoreBoundaries(unitBoundaries(units), unitBoundaries(reference), {
        toleranceSamples: 320,
      });
      const pairs = matchSegments(units, reference, { toleranceSamples: 320 });
      const same = pairs.filter(([a, b]) => units[a].id === reference[b].id).length / pairs.length;
      console.log(
        `${source}: likeness ${likeness.toFixed(4)}, F1 ${f1.toFixed(3)}, same unit ${same.toFixed(3)}`,
      );
      expect(f1).toBeGreaterThanOrEqual(0.95);
      expect(same).toBeGreaterThanOrEqual(0.8);
    },
  );
});
