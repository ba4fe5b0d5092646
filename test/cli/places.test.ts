import {
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CliOptions, ENGINE, jsonLines, sylstream } from '../helpers/cli.ts';
import { fixture } from '../helpers/speech.ts';

const SPEECH = fixture('kathleen-a0002.wav');
const BYTES = readFileSync(SPEECH);

/** A folder with a recording of its own, `talk.wav`. */
function place(): { folder: string; talk: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sylstream-'));
  const talk = join(folder, 'talk.wav');
  copyFileSync(SPEECH, talk);
  return { folder, talk };
}

/** Runs a command that must be refused as misuse; gives what it said. */
async function refused(args: readonly string[], options?: CliOptions): Promise<string> {
  const { status, stdout, stderr } = await sylstream([...args, ...ENGINE], options);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^SYLSTREAM_ERR_USAGE [^\n]+\n$/);
  return stderr;
}

describe('a recording is never written over', () => {
  it.each([
    ['its own name', (talk: string) => talk],
    ['a symbolic link', (talk: string, link: string) => (symlinkSync(talk, link), link)],
    ['a hard link', (talk: string, link: string) => (linkSync(talk, link), link)],
    [
      'a linked folder',
      (talk: string, link: string) => (symlinkSync(join(talk, '..'), link), join(link, 'talk.wav')),
    ],
  ])('through %s', async (_name, linkTo) => {
    const { folder, talk } = place();
    const output = linkTo(talk, join(folder, 'units'));
    expect(await refused(['tokenize', talk, '--output', output])).toContain(output);
    expect(await refused(['tokenize', output, '--output', talk])).toContain(talk);
    expect(readFileSync(talk)).toEqual(BYTES);
  });

  it('by a picture', async () => {
    const { folder, talk } = place();
    const plot = join(folder, 'talk.svg');
    linkSync(talk, plot);
    expect(await refused(['tokenize', talk, '--plot', plot])).toContain(plot);
    expect(readFileSync(talk)).toEqual(BYTES);
  });

  it('by one of the files in a folder of outputs', async () => {
    const { folder, talk } = place();
    const out = join(folder, 'units');
    mkdirSync(out);
    symlinkSync(talk, join(out, 'talk.jsonl'));
    expect(await refused(['tokenize', talk, SPEECH, '-o', out])).toContain('talk.jsonl');
    const raw = join(folder, 'take.csv');
    writeFileSync(raw, BYTES.subarray(44));
    await refused(['tokenize', raw, '--input-format', 's16le', '-f', 'csv', '-o', folder]);
    expect(readFileSync(talk)).toEqual(BYTES);
    expect(readFileSync(raw)).toEqual(BYTES.subarray(44));
  });

  it('where it comes from standard input', async () => {
    const { talk } = place();
    const said = await refusedFromStdin(talk, ['tokenize', '-', '--output', talk]);
    expect(said).toMatch(/^SYLSTREAM_ERR_USAGE /);
    expect(readFileSync(talk)).toEqual(BYTES);
  });

  it.each(['tokenize', 'continue', 'score', 'classify --head nowhere'])(
    'by standard output of %s that a shell appends to it',
    async (command) => {
      const { talk } = place();
      const stdout = openSync(talk, 'a');
      const { status, stderr } = await sylstream([...command.split(' '), talk, ...ENGINE], {
        stdout,
      });
      expect({ status, stderr }).toMatchObject({ status: 2 });
      expect(stderr).toContain('standard output');
      expect(readFileSync(talk)).toEqual(BYTES);
    },
  );
});

describe('two outputs are two files', () => {
  it('for units and picture, also by a link', async () => {
    const { folder, talk } = place();
    const plot = join(folder, 'out.html');
    writeFileSync(plot, '');
    symlinkSync(plot, join(folder, 'units.jsonl'));
    await refused(['tokenize', talk, '--plot', plot, '-o', join(folder, 'units.jsonl')]);
  });

  it('for recordings of one name', async () => {
    const [one, two] = [place(), place()];
    expect(await refused(['tokenize', one.talk, two.talk, '-o', `${one.folder}/units/`])).toContain(
      'talk.jsonl',
    );
  });

  it('for links that lead to one file', async () => {
    const { folder, talk } = place();
    const other = join(folder, 'other.wav');
    copyFileSync(SPEECH, other);
    const out = join(folder, 'units');
    mkdirSync(out);
    writeFileSync(join(out, 'talk.jsonl'), '');
    linkSync(join(out, 'talk.jsonl'), join(out, 'other.jsonl'));
    await refused(['tokenize', talk, other, '-o', out]);
  });

  it('but a device may take several', async () => {
    const { talk } = place();
    const { status, stderr } = await sylstream(['tokenize', talk, ...ENGINE, '-o', '/dev/null']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('a folder as input', () => {
  it('means the recordings in it and below, whose outputs keep its order', async () => {
    const { folder } = place();
    mkdirSync(join(folder, 'two'));
    copyFileSync(SPEECH, join(folder, 'two/talk.WAV'));
    writeFileSync(join(folder, 'notes.md'), 'no audio');
    writeFileSync(join(folder, '._talk.wav'), 'what macOS leaves on other disks');
    const { stdout, stderr, status } = await sylstream(['tokenize', folder, ...ENGINE]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const files = [...new Set(jsonLines<{ file: string }>(stdout).map(({ file }) => file))];
    expect(files).toEqual([join(folder, 'talk.wav'), join(folder, 'two/talk.WAV')]);

    const out = `${folder}/units/`;
    expect(await sylstream(['tokenize', folder, ...ENGINE, '-o', out])).toMatchObject({
      status: 0,
    });
    expect(readdirSync(out, { recursive: true, encoding: 'utf8' }).sort()).toEqual([
      'talk.jsonl',
      'two',
      'two/talk.jsonl',
    ]);
  });

  it('without a recording is told', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sylstream-'));
    const { status, stderr } = await sylstream(['tokenize', folder, ...ENGINE]);
    expect(status).toBe(3);
    expect(stderr).toMatch(/^SYLSTREAM_ERR_FILE_READ expected recordings in /);
  });

  it('may hold raw samples where that is what is read', async () => {
    const { folder } = place();
    writeFileSync(join(folder, 'a.raw'), BYTES.subarray(44));
    writeFileSync(join(folder, 'b.pcm'), BYTES.subarray(44));
    const raw = ['--input-format', 's16le', '--text'];
    const { stdout } = await sylstream(['tokenize', join(folder, 'a.raw'), ...ENGINE, ...raw]);
    const all = await sylstream(['tokenize', folder, ...ENGINE, ...raw]);
    expect(all.stdout.split('\n').slice(0, 2)).toEqual([stdout.trim(), stdout.trim()]);
  });
});

/** As `refused`, with a file itself on standard input, as `< talk.wav` gives it. */
async function refusedFromStdin(path: string, args: readonly string[]): Promise<string> {
  return refused(args, { stdin: openSync(path, 'r') });
}
