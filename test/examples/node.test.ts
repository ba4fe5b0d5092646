import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSpeakingRate } from '../../src/segments/speakingRate.ts';
import { createWavDecoder } from '../../src/audio/wav.ts';
import { unitRecord } from '../../src/formats/jsonl.ts';
import { readTextGrid } from '../../src/formats/readTextGrid.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { jsonLines } from '../helpers/cli.ts';
import { drive, join } from '../helpers/cuts.ts';
import { wholeUnits } from '../helpers/pipeline.ts';
import { tinyModels, withServer } from '../helpers/server.ts';
import { shownUnits } from '../helpers/shownUnits.ts';
import { CLIPS, clipSamples, fixture } from '../helpers/speech.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CLIP = 'kathleen-a0004';

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a program of examples/node from its source. */
function start(
  name: string,
  args: readonly string[],
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', joinPath(ROOT, 'examples/node', name), ...args],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => (said.stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (said.stderr += text.toString()));
  const ended = new Promise<Ended>((done) => {
    child.on('close', (status) => done({ status, ...said }));
  });
  return { child, ended };
}

/** The samples of a WAV file, read as any player would. */
function samplesOf(path: string): Float32Array {
  const parts = drive(createWavDecoder(), [readFileSync(path)]);
  return join(parts.flatMap((part) => ('samples' in part ? [part.samples] : [])));
}

/** The intervals of a TextGrid's units. */
function unitsOf(path: string): { readonly end: number; readonly text: string }[] {
  const { tiers } = readTextGrid(readFileSync(path, 'utf8'), path);
  return tiers.find(({ name }) => name === 'units')!.items.map(({ end, text }) => ({ end, text }));
}

/** Sessions that a server has now, by its own count. */
async function liveSessions(url: string): Promise<number> {
  const metrics = await (await fetch(new URL('metrics', url))).text();
  return Number(/^sylstream_sessions_live (\d+)/m.exec(metrics)![1]);
}

describe('the programs of examples/node', { timeout: 180_000 }, () => {
  let models: Models;
  let folder: string;

  beforeAll(async () => {
    models = await tinyModels();
  });
  afterAll(() => models.close());
  beforeEach(() => {
    folder = mkdtempSync(joinPath(tmpdir(), 'sylstream-examples-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('rateMeter reads the rates of the units', async () => {
    await withServer(models, { livePace: 1.25 }, async ({ streamUrl }) => {
      const args = ['--url', streamUrl, '--file', fixture(`${CLIP}.wav`)];
      const [json, words] = await Promise.all([
        start('rateMeter.ts', [...args, '--json']).ended,
        start('rateMeter.ts', args).ended,
      ]);
      const expected = drive(createSpeakingRate(), await wholeUnits(clipSamples(CLIP), models));
      expect(json.stderr).toBe('');
      expect(jsonLines(json.stdout)).toEqual(expected);
      const rate = expected.at(-1)!.windows[0].speechRate.toFixed(1);
      expect(words.stdout.trimEnd().split('\n').at(-1)).toContain(`3 s: ${rate}/s`);
    });
  });

  it('rateMeter says why there are no readings and fails', async () => {
    const args = ['--url', 'ws://127.0.0.1:9/v1/stream', '--file', joinPath(folder, 'none.wav')];
    const { status, stderr } = await start('rateMeter.ts', args).ended;
    expect(status).toBe(1);
    expect(stderr).toContain('none.wav');
  });

  it('recorder writes the sound and its units while they come', async () => {
    const name = joinPath(folder, 'talk');
    await withServer(models, { livePace: 1.25 }, async ({ streamUrl }) => {
      const file = fixture(`${CLIP}.wav`);
      const { ended } = start('recorder.ts', ['--url', streamUrl, '--file', file, name]);
      // Not finished yet, and whole all the same.
      await expect.poll(() => existsSync(`${name}.TextGrid`), { timeout: 60_000 }).toBe(true);
      const early = { sound: samplesOf(`${name}.wav`), units: unitsOf(`${name}.TextGrid`) };
      const { status, stderr } = await ended;
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const sound = samplesOf(`${name}.wav`);
      expect(sound).toEqual(clipSamples(CLIP));
      expect(early.sound.length).toBeLessThan(sound.length);
      expect(early.sound).toEqual(sound.subarray(0, early.sound.length));
      const expected = shownUnits(await wholeUnits(sound, models), sound.length);
      expect(unitsOf(`${name}.TextGrid`)).toEqual(expected);
      expect(early.units.length).toBeLessThan(expected.length + 2);
      expect(early.units[0].text).toBe(expected[0].text);
      expect(early.units[0].end).toBeLessThanOrEqual(expected[0].end); // a pause may have gone on
    });
  });

  it('recorder decides what was said when it is interrupted', async () => {
    const name = joinPath(folder, 'talk');
    await withServer(models, { livePace: 1.25 }, async ({ streamUrl }) => {
      const args = ['--url', streamUrl, '--file', fixture('kerstin-0013.wav'), name];
      const { child, ended } = start('recorder.ts', args);
      const size = (): number => (existsSync(`${name}.wav`) ? statSync(`${name}.wav`).size : 0);
      await expect.poll(size, { timeout: 60_000 }).toBeGreaterThan(40_000);
      child.kill('SIGINT');
      expect((await ended).status).toBe(0);
      const sound = samplesOf(`${name}.wav`);
      expect(sound.length).toBeGreaterThan(19_000);
      expect(sound.length).toBeLessThan(clipSamples('kerstin-0013').length);
      const ends = (units: readonly { end: number }[]): number[] => units.map(({ end }) => end);
      const expected = shownUnits(await wholeUnits(sound, models), sound.length);
      expect(ends(unitsOf(`${name}.TextGrid`))).toEqual(ends(expected));
    });
  });

  it('dataSet tokenizes a folder, a bounded number at once, and goes on where it was', async () => {
    const recordings = joinPath(folder, 'recordings');
    const out = joinPath(folder, 'units');
    mkdirSync(joinPath(recordings, 'more'), { recursive: true });
    const names = CLIPS.flatMap((clip) => [
      `${clip}.wav`,
      `more/${clip}.wav`,
      `more/${clip}-2.wav`,
    ]);
    for (const name of names) {
      const clip = CLIPS.find((known) => name.includes(known))!;
      writeFileSync(joinPath(recordings, name), readFileSync(fixture(`${clip}.wav`)));
    }
    writeFileSync(joinPath(recordings, 'broken.wav'), 'RIFF');
    writeFileSync(joinPath(recordings, 'notes.txt'), 'no sound');
    const reference = new Map<string, unknown[]>();
    for (const clip of CLIPS) {
      reference.set(clip, (await wholeUnits(clipSamples(clip), models)).map(unitRecord));
    }
    const check = (name: string): void => {
      const [header, ...units] = jsonLines<Record<string, unknown>>(
        readFileSync(joinPath(out, `${name}.jsonl`), 'utf8'),
      );
      const clip = CLIPS.find((known) => name.includes(known))!;
      expect(header).toMatchObject({ file: name, bundle: 'tiny', hash: models.bundle.hash });
      expect(units).toEqual(
        reference.get(clip)!.map((unit) => ({ file: name, ...(unit as object) })),
      );
    };

    await withServer(models, {}, async ({ url, streamUrl }) => {
      const run = (...more: string[]) =>
        start('dataSet.ts', ['--url', streamUrl, recordings, out, ...more]).ended;
      let most = 0;
      const watching = setInterval(
        () => void liveSessions(url).then((n) => (most = Math.max(most, n))),
        5,
      );
      const first = await run('--parallel', '3').finally(() => clearInterval(watching));
      expect(most).toBe(3);
      expect(JSON.parse(first.stdout)).toEqual({ recordings: 10, made: 9, kept: 0, failed: 1 });
      expect(first.stderr).toMatch(/^broken\.wav: .*expected/);
      expect(first.status).toBe(1);
      for (const name of names) check(name);

      rmSync(joinPath(recordings, 'broken.wav'));
      rmSync(joinPath(out, `${names[4]}.jsonl`));
      const second = await run();
      expect(JSON.parse(second.stdout)).toEqual({ recordings: 9, made: 1, kept: 8, failed: 0 });
      expect(second.status).toBe(0);
      check(names[4]);

      rmSync(joinPath(out, `${names[4]}.jsonl`));
      const third = await run('--rate', '6.25');
      expect(JSON.parse(third.stdout)).toMatchObject({ made: 0, kept: 8, failed: 1 });
      expect(third.stderr).toContain('"rate":"natural"');
    });
  });
});
