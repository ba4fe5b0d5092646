import { execFile } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../helpers/built.ts';
import { TINY } from '../helpers/bundles.ts';
import { wavHeader } from '../../src/audio/wavWriter.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const FILES = 5_000;
/** Says on standard error what the process held: its resident memory half way, and at its most from there on, in KiB. */
const METER = `
  const lines = { seen: 0 };
  const { write } = process.stdout;
  let half = 0, most = 0;
  process.stdout.write = function (...args) {
    const rss = process.memoryUsage.rss() / 1024;
    lines.seen += String(args[0]).split('\\n').length - 1;
    if (lines.seen < ${FILES / 2}) half = Math.max(half, rss);
    else most = Math.max(most, rss);
    return write.apply(process.stdout, args);
  };
  process.on('exit', () => process.stderr.write(JSON.stringify({ half, most })));`;

let folder: string;
let paths: string[];
beforeAll(() => {
  build();
  folder = mkdtempSync(join(tmpdir(), 'sylstream-many-'));
  const long = join(folder, 'a-folder-with-a-rather-long-name-as-corpora-have-them'.repeat(4));
  mkdirSync(long);
  const samples = Int16Array.from({ length: 3_200 }, (_, i) => 8_000 * Math.sin(i / 4));
  const one = join(folder, 'one.wav');
  writeFileSync(
    one,
    Buffer.concat([
      wavHeader({ sampleRate: 16_000, channels: 1 }, samples.byteLength),
      Buffer.from(samples.buffer),
    ]),
  );
  paths = Array.from({ length: FILES }, (_, n) => join(long, `recording-${n}.wav`));
  for (const path of paths) linkSync(one, path);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('5,000 recordings on one command line, 1.3 MB of it', () => {
  it('are all tokenized, and memory stays as it was half way', async () => {
    const meter = `data:text/javascript,${encodeURIComponent(METER)}`;
    const options = ['--bundle', TINY, '--workers', '1', '--format', 'text'];
    const args = ['--import', meter, 'bin/sylstream.js', 'tokenize', ...paths, ...options];
    const said = await new Promise<{
      signal: unknown;
      status: unknown;
      stdout: string;
      stderr: string;
    }>((done) => {
      const child = execFile(
        process.execPath,
        args,
        { cwd: ROOT, maxBuffer: 2 ** 26 },
        (_, stdout, stderr) =>
          done({ status: child.exitCode, signal: child.signalCode, stdout, stderr }),
      );
    });
    expect({ status: said.status, signal: said.signal }).toEqual({ status: 0, signal: null });
    expect(said.stdout.split('\n')).toHaveLength(FILES + 1);
    const { half, most } = JSON.parse(said.stderr) as { half: number; most: number };
    expect(most).toBeLessThan(1.15 * half);
  }, 300_000);
});
