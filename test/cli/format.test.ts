import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chosenFormat } from '../../src/cli/chosenFormat.ts';
import { ENGINE, jsonLines, sylstream } from '../helpers/cli.ts';
import { fixture } from '../helpers/speech.ts';

const FILES = ['kathleen-a0002.wav', 'kerstin-0013.wav'].map(fixture);

describe('the format of the output', () => {
  it.each([
    ['talk.TextGrid', 'textgrid'],
    ['talk.textgrid', 'textgrid'],
    ['talk.CSV', 'csv'],
    ['talk.npy', 'npy'],
    ['talk.jsonl', 'jsonl'],
    ['talk.ndjson', 'jsonl'],
    ['talk.txt', 'text'],
    ['talk.units', 'jsonl'],
    ['talk', 'jsonl'],
    ['folder.csv/', 'jsonl'],
    [undefined, 'jsonl'],
  ] as const)('of %s is %s', (output, format) => {
    expect(chosenFormat({ output })).toBe(format);
  });

  it.each([
    { output: 'talk.TextGrid', format: 'csv' },
    { output: 'talk.npy', format: 'jsonl' },
    { output: 'talk.csv', text: true },
    { text: true, format: 'jsonl' },
    { output: 'talk.svg' },
    { output: 'talk.PNG', format: 'jsonl' },
  ] as const)('%j contradicts itself', (wish) => {
    expect(() => chosenFormat(wish)).toThrow(/^Expected /);
  });

  it.each([
    { output: 'talk.txt', format: 'textgrid' },
    { output: 'talk.list', format: 'csv' },
    { output: 'talk.csv', format: 'csv' },
  ] as const)('%j does not', (wish) => {
    expect(chosenFormat(wish)).toBe(wish.format);
  });

  it('is written by the extension, and named in any capitals', async () => {
    const out = join(mkdtempSync(join(tmpdir(), 'sylstream-')), 'talk.TextGrid');
    const run = await sylstream(['tokenize', FILES[0], ...ENGINE, '-o', out]);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    const grid = readFileSync(out, 'utf8');
    expect(grid).toMatch(/^File type = "ooTextFile"/);
    const named = await sylstream(['tokenize', FILES[0], ...ENGINE, '--format', 'TextGrid']);
    expect(named).toMatchObject({ status: 0, stderr: '', stdout: grid });
    const wrong = await sylstream(['tokenize', FILES[0], ...ENGINE, '--format', 'grid']);
    expect(wrong).toMatchObject({ status: 2, stdout: '' });
    expect(wrong.stderr).toContain('jsonl, textgrid, csv, npy, text');
  });

  it('is a line of ids a recording with --text, an empty one where a recording fails', async () => {
    const files = [FILES[0], 'nowhere.wav', FILES[1]];
    const { status, stdout } = await sylstream(['tokenize', ...files, ...ENGINE, '--text']);
    const lines = await sylstream(['tokenize', ...files, ...ENGINE]);
    const ids = files.map((name) =>
      jsonLines<{ file: string; id: number }>(lines.stdout)
        .filter(({ file }) => file === name)
        .map(({ id }) => id)
        .join(' '),
    );
    expect(status).toBe(3);
    expect(ids[0]).toMatch(/^\d+( \d+)+$/);
    expect(stdout).toBe(`${ids.join('\n')}\n`);
  });
});
