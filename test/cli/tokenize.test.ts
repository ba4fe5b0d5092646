import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinedPauses } from '../../src/segments/pauseJoiner.ts';
import { readTextGrid } from '../../src/formats/readTextGrid.ts';
import { loadModels } from '../../src/models/loadModels.ts';
import type { Unit } from '../../src/core/types.ts';
import { SMALL, TINY } from '../helpers/bundles.ts';
import { ENGINE, jsonLines, sylstream } from '../helpers/cli.ts';
import { wholeUnits } from '../helpers/pipeline.ts';
import { present, program } from '../helpers/require.ts';
import { type Clip, clipSamples, CLIPS, fixture } from '../helpers/speech.ts';

type Line = Unit & { file?: string; startSeconds: number; endSeconds: number };

const folder = mkdtempSync(join(tmpdir(), 'sylstream-'));
const path = (clip: Clip): string => fixture(`${clip}.wav`);
const FILES = CLIPS.map(path);
/** What the library makes of the clips in this process, a long silence as one pause. */
const library = new Map<string, Unit[]>();

beforeAll(async () => {
  const models = await loadModels({ bundle: TINY, workers: 1 });
  for (const clip of CLIPS) {
    library.set(path(clip), joinedPauses(await wholeUnits(clipSamples(clip), models)));
  }
  await models.close();
});

const times = (
  units: readonly Pick<Unit, 'index' | 'id' | 'start' | 'end' | 'decided'>[],
): number[][] => units.map((u) => [u.index, u.id, u.start, u.end, u.decided]);

function samplesOf(file: string): Float32Array {
  const bytes = readFileSync(file).subarray(44);
  return Float32Array.from(
    { length: bytes.length / 2 },
    (_, n) => bytes.readInt16LE(2 * n) / 32_768,
  );
}

/** Two seconds of a person, four of silence. */
function quietWav(): Buffer {
  const speech = readFileSync(FILES[0]).subarray(44, 44 + 2 * 32_000);
  const whole = Buffer.concat([Buffer.alloc(44), speech, Buffer.alloc(2 * 64_000)]);
  readFileSync(FILES[0]).copy(whole, 0, 0, 44);
  whole.writeUInt32LE(whole.length - 8, 4);
  whole.writeUInt32LE(whole.length - 44, 40);
  return whole;
}

async function tokenize(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await sylstream(['tokenize', ...ENGINE, ...args]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

describe('sylstream tokenize', () => {
  it("prints the library's units as JSON lines and nothing else", async () => {
    const lines = jsonLines<Line>(await tokenize(FILES[0]));
    expect(times(lines)).toEqual(times(library.get(FILES[0])!));
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) expect(line.endSeconds).toBe(line.end / 16_000);
  });

  it.runIf(present('bundle small', existsSync(SMALL)))(
    'gives a long silence as one pause, or in pieces with --split-pauses',
    async () => {
      const file = join(folder, 'quiet.wav');
      writeFileSync(file, quietWav());
      const models = await loadModels({ bundle: SMALL, workers: 1, lm: false });
      const quiet = await wholeUnits(samplesOf(file), models);
      await models.close();
      const small = ['--bundle', SMALL];
      expect(quiet.at(-1)).toMatchObject({ pause: true });
      expect(joinedPauses(quiet).length).toBeLessThan(quiet.length - 2);
      const lines = jsonLines<Line>(await tokenize(file, ...small));
      expect(times(lines)).toEqual(times(joinedPauses(quiet)));
      expect(times(jsonLines<Line>(await tokenize(file, ...small, '--split-pauses')))).toEqual(
        times(quiet),
      );
    },
  );

  it('prints several recordings in the order of the command line, each line with its file', async () => {
    const files = [FILES[2], FILES[0], FILES[1]];
    const lines = jsonLines<Line>(await tokenize(...files, '--parallel', '3'));
    expect([...new Set(lines.map((line) => line.file))]).toEqual(files);
    for (const file of files) {
      expect(times(lines.filter((line) => line.file === file))).toEqual(times(library.get(file)!));
    }
  });

  it('puts bundle, hash, rate and λ on the first line with --header', async () => {
    const [header] = jsonLines<Record<string, unknown>>(
      await tokenize(FILES[0], '--header', '--rate', '6.25', '--precision', 'fp32'),
    );
    expect(header).toMatchObject({
      bundle: 'tiny',
      precision: 'fp32',
      rate: 6.25,
      lambda: 0.5,
      w: 1,
    });
    expect(header['hash']).toMatch(/^[0-9a-f]{64}$/);
  });

  it('gives more units at a higher rate', async () => {
    const units = async (rate: string): Promise<number> =>
      jsonLines(await tokenize(FILES[1], '--rate', rate)).length;
    expect(await units('8.33')).toBeGreaterThan(await units('5'));
  });

  it('adds vectors with --features and the provisional tail with --partials', async () => {
    const lines = jsonLines<Line & { provisional?: Line[] }>(
      await tokenize(FILES[0], '--features', '--partials'),
    );
    const final = lines.filter((line) => line.provisional === undefined);
    expect(times(final)).toEqual(times(library.get(FILES[0])!));
    expect(final.every((line) => line.vector?.length === 32)).toBe(true);
    const tails = lines.filter((line) => line.provisional !== undefined);
    expect(tails.length).toBeGreaterThan(3);
    expect(tails.some((line) => line.provisional!.length > 0)).toBe(true);
  });

  it('writes one TextGrid a recording into a folder, as long as the recording', async () => {
    const out = `${folder}/grids/`;
    expect(await tokenize(...FILES, '--format', 'textgrid', '--output', out)).toBe('');
    expect(readdirSync(out).sort()).toEqual(CLIPS.map((clip) => `${clip}.TextGrid`).sort());
    for (const clip of CLIPS) {
      const grid = readTextGrid(readFileSync(join(out, `${clip}.TextGrid`), 'utf8'), clip);
      expect(grid.end * 16_000).toBeCloseTo(clipSamples(clip).length, 3);
      const labels = grid.tiers[0].items
        .filter(({ text }) => text !== '')
        .map(({ text }) => Number(text));
      expect(labels).toEqual(
        library
          .get(path(clip))!
          .filter((u) => !u.pause)
          .map((u) => u.id),
      );
    }
  });

  it('writes one CSV table of several recordings with one row of names', async () => {
    const rows = (await tokenize(...FILES, '--format', 'csv')).trimEnd().split('\r\n');
    expect(rows.filter((row) => row.startsWith('file,index,id,'))).toEqual([rows[0]]);
    const all = FILES.flatMap((file) =>
      library.get(file)!.map((u) => `${file},${u.index},${u.id},${u.fine ?? 0},,${u.start},`),
    );
    expect(rows.slice(1).map((row) => row.slice(0, all[0].length))).toHaveLength(all.length);
    rows.slice(1).forEach((row, n) => expect(row.startsWith(all[n])).toBe(true));
  });

  it('writes a .npy file of the right length', async () => {
    const out = join(folder, 'units.npy');
    await tokenize(FILES[0], '--format', 'npy', '--output', out, '--features');
    const units = library.get(FILES[0])!.length;
    const bytes = readFileSync(out);
    expect(bytes.length - 10 - bytes.readUInt16LE(8)).toBe(units * (42 + 4 * 32));
  });

  it.each(['svg', 'html'])('draws a picture as .%s beside the units', async (extension) => {
    const out = join(folder, `plot.${extension}`);
    const lines = jsonLines<Line>(await tokenize(FILES[0], '--plot', out));
    const text = readFileSync(out, 'utf8');
    expect(times(lines)).toEqual(times(library.get(FILES[0])!));
    expect([...text.matchAll(/<g class="u">/g)]).toHaveLength(lines.length);
    expect(text).toContain('data:image/png;base64,');
    expect(text).toContain('tiny 0.0.0');
  });

  it('draws a picture as .png beside the units', async () => {
    const out = join(folder, 'plot.PNG');
    const lines = jsonLines<Line>(await tokenize(FILES[0], '--plot', out));
    expect(times(lines)).toEqual(times(library.get(FILES[0])!));
    const png = readFileSync(out);
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.includes('tiny 0.0.0')).toBe(true);
  });

  it('reads a WAV file and raw samples from standard input', async () => {
    const wav = readFileSync(FILES[0]);
    const run = async (input: Uint8Array, ...args: string[]): Promise<Line[]> => {
      const { status, stdout } = await sylstream(['tokenize', ...ENGINE, '-', ...args], { input });
      expect(status).toBe(0);
      return jsonLines<Line>(stdout);
    };
    const expected = times(library.get(FILES[0])!);
    expect(times(await run(wav))).toEqual(expected);
    expect(times(await run(wav.subarray(44), '--input-format', 's16le'))).toEqual(expected);
  });

  it('takes Ctrl-C for the end of standard input, decides what is open and ends with 0', async () => {
    const { status, signal, stdout } = await sylstream(['tokenize', ...ENGINE, '-'], {
      input: readFileSync(FILES[0]),
      keepOpen: true,
      onStart: (child) => child.stdout?.once('data', () => child.kill('SIGINT')),
    });
    expect({ status, signal }).toEqual({ status: 0, signal: null });
    const units = jsonLines<Line>(stdout);
    expect(units.map((unit) => unit.start)).toEqual([
      0,
      ...units.slice(0, -1).map((unit) => unit.end),
    ]);
    expect(units.at(-1)!.decided - units.at(-1)!.end).toBeLessThan(16_000);
  });

  it('reads raw samples from a file', async () => {
    const raw = join(folder, 'speech.raw');
    writeFileSync(raw, readFileSync(FILES[0]).subarray(44));
    const lines = jsonLines<Line>(await tokenize(raw, '--input-format', 's16le'));
    expect(times(lines)).toEqual(times(library.get(FILES[0])!));
  });

  it.runIf(program('ffmpeg'))('reads a compressed file through ffmpeg', async () => {
    const flac = join(folder, 'speech.flac');
    execFileSync('ffmpeg', ['-loglevel', 'error', '-y', '-i', FILES[0], flac]);
    expect(times(jsonLines<Line>(await tokenize(flac)))).toEqual(times(library.get(FILES[0])!));
  });

  it('paces a recording as if it were spoken now with --realtime', async () => {
    const seconds = clipSamples(CLIPS[0]).length / 16_000;
    const began = performance.now();
    const arrivals: number[] = [];
    const { stdout } = await sylstream(['tokenize', ...ENGINE, FILES[0], '--realtime'], {
      onStart: (child) => child.stdout?.on('data', () => arrivals.push(performance.now() - began)),
    });
    expect((performance.now() - began) / 1000).toBeGreaterThan(seconds);
    expect(times(jsonLines<Line>(stdout))).toEqual(times(library.get(FILES[0])!));
    expect(arrivals.length).toBeGreaterThan(3); // units came one by one, not all at the end
    expect(arrivals.at(-1)! - arrivals[0]).toBeGreaterThan(1000);
  });

  it('goes on with the other recordings when one fails, and ends with its status', async () => {
    const { status, stdout, stderr } = await sylstream([
      'tokenize',
      ...ENGINE,
      FILES[0],
      join(folder, 'absent.wav'),
      FILES[1],
    ]);
    expect(status).toBe(3);
    expect(stderr).toMatch(/^SYLSTREAM_ERR_FILE_READ [^\n]*absent\.wav[^\n]*\n$/);
    expect([...new Set(jsonLines<Line>(stdout).map((line) => line.file))]).toEqual([
      FILES[0],
      FILES[1],
    ]);
  });

  it('leaves no file behind for a recording that cannot be read', async () => {
    const out = join(folder, 'none.jsonl');
    await sylstream(['tokenize', ...ENGINE, join(folder, 'absent.wav'), '--output', out]);
    expect(existsSync(out)).toBe(false);
  });

  afterAll(() => library.clear());
});
