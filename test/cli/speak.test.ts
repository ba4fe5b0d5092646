import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, sylstream } from '../helpers/cli.ts';
import { speakingBundle } from '../helpers/speakingBundle.ts';
import { fixture } from '../helpers/speech.ts';

const CLIP = fixture('kathleen-a0002.wav');

describe('sylstream speak, resynthesize and continue --speak', () => {
  let bundle: string;
  let folder: string;
  let engine: string[];
  beforeAll(() => {
    bundle = speakingBundle();
    folder = mkdtempSync(join(tmpdir(), 'sylstream-speak-'));
    engine = ['--bundle', bundle, '--workers', '1'];
  });
  afterAll(() => [bundle, folder].forEach((path) => rmSync(path, { recursive: true })));

  const place = (name: string): string => join(folder, name);
  const run = async (...args: string[]) => {
    const { status, stdout, stderr } = await sylstream(args);
    return { status, stdout, stderr };
  };
  const speak = (name: string, text: string, ...args: string[]) => {
    writeFileSync(place(`${name}.jsonl`), text);
    const paths = [place(`${name}.jsonl`), '--output', place(`${name}.wav`)];
    return run('speak', ...paths, '--bundle', bundle, ...args);
  };

  it('says what tokenize wrote, as resynthesize does at once', async () => {
    const { stdout } = await run('tokenize', '--header', CLIP, ...engine);
    const told = await speak('told', stdout, '--voice', 'two');
    const again = await run(
      'resynthesize',
      CLIP,
      '-o',
      place('again.wav'),
      '--voice',
      'two',
      ...engine,
    );
    expect([told, again]).toEqual([0, 0].map((status) => ({ status, stdout: '', stderr: '' })));
    const wav = readFileSync(place('told.wav'));
    expect(readFileSync(place('again.wav')).equals(wav)).toBe(true);
    // As long as the units, and the header says so.
    const last = jsonLines<{ end: number }>(stdout).at(-1)!;
    expect(wav.readUInt32LE(40)).toBe(wav.length - 44);
    expect((wav.length - 44) / 2).toBe(160 * Math.ceil(last.end / 160));
  });

  it('says what is expected after a recording', async () => {
    const args = ['--units', '6', '--n', '2', '--seed', '3', ...engine];
    const { status, stdout } = await run('continue', CLIP, '--speak', place('next.wav'), ...args);
    expect(status).toBe(0);
    expect(await speak('line', stdout)).toMatchObject({ status: 0 });
    expect(readFileSync(place('line.wav')).equals(readFileSync(place('next.wav')))).toBe(true);
  });

  it.each([
    ['a bad unit behind good ones', '{"id":1}\n{"id":-3}', /unit 1: expected an id from 0 to 4/],
    ['another bundle', `{"hash":"${'0'.repeat(64)}"}\n{"id":1}`, /another bundle \(000000000000\)/],
    ['nothing', '\n', /at least one unit, got none/],
  ])('refuses %s, and writes nothing', async (name, text, says) => {
    const file = name.replaceAll(' ', '-');
    const { status, stderr } = await speak(file, text);
    expect(stderr).toMatch(/^SYLSTREAM_ERR_UNITS /);
    expect(stderr).toMatch(says);
    expect(status).toBe(3);
    expect(existsSync(place(`${file}.wav`))).toBe(false);
  });

  it('refuses a voice that is not there, and writes nothing', async () => {
    const one = await speak('voice', '{"id":1}', '--voice', 'three');
    const other = await run(
      'resynthesize',
      CLIP,
      '-o',
      place('voice.wav'),
      '--voice',
      'three',
      ...engine,
    );
    for (const { status, stderr } of [one, other]) {
      expect(stderr).toMatch(/^SYLSTREAM_ERR_VOICE expected a voice among one, two, got "three"/);
      expect(status).toBe(2);
    }
    expect(existsSync(place('voice.wav'))).toBe(false);
  });
});
