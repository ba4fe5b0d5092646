import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeS16le } from '../../src/audio/pcm.ts';
import { ENGINE, sylstream } from '../helpers/cli.ts';
import { clipSamples } from '../helpers/speech.ts';
import { formatBody, riff, riffChunk } from '../helpers/wav.ts';

const folder = mkdtempSync(join(tmpdir(), 'sylstream-'));
const references = join(folder, 'references');
mkdirSync(references);
const speech = clipSamples('kathleen-a0002');

/** A stereo recording with a reference. */
function recording(name: string, at: (sample: number, side: 0 | 1) => number): string {
  const both = Float32Array.from({ length: 2 * 48_000 }, (_, i) =>
    at(speech[(i >> 1) % speech.length], (i % 2) as 0 | 1),
  );
  const path = join(folder, `${name}.wav`);
  const format = riffChunk('fmt ', formatBody({ channels: 2 }));
  writeFileSync(path, riff([format, riffChunk('data', encodeS16le(both))]));
  writeFileSync(join(references, `${name}.json`), '{"boundaries": [0.5, 1.0]}');
  return path;
}
const antiPhase = recording('anti', (sample, side) => (side === 0 ? sample : -sample));
const silence = recording('silence', () => 0);

describe.each([
  ['evaluate', ['--ref', references]],
  ['score', []],
  ['continue', ['--units', '2']],
])('%s', (command, args) => {
  const run = (path: string, ...more: string[]) =>
    sylstream([command, ...ENGINE, ...args, ...more, path]);

  it('tells of channels that cancel each other out, and listens to one of them', async () => {
    const both = await run(antiPhase);
    expect(both.stderr).toMatch(/^warning: SYLSTREAM_ERR_AUDIO_SUSPECT [^\n]*anti-phase/mu);
    const one = await run(antiPhase, '--channel', '2');
    expect(one).toMatchObject({ status: 0 });
    expect(one.stderr).not.toContain('AUDIO_SUSPECT');
  });

  it('tells of a recording that is nothing but pauses', async () => {
    const said = await sylstream([command, '--workers', '1', ...args, silence]); // `small` knows speech
    const { stderr } = said;
    expect(stderr).toMatch(
      /^warning: SYLSTREAM_ERR_AUDIO_SUSPECT [^\n]*silence\.wav: [^\n]*pauses/mu,
    );
  });

  it('refuses to listen to each channel', async () => {
    const { status, stderr } = await run(antiPhase, '--channel', 'each');
    expect(status).toBe(2);
    expect(stderr).toMatch(/^SYLSTREAM_ERR_USAGE [^\n]*--channel[^\n]*each/mu);
  });
});

describe('resynthesize', () => {
  it('tells of a recording that is nothing but pauses', async () => {
    const output = join(folder, 'again.wav');
    const { status, stderr } = await sylstream(['resynthesize', '--output', output, silence]);
    expect(stderr).toMatch(
      /^warning: SYLSTREAM_ERR_AUDIO_SUSPECT [^\n]*silence\.wav: [^\n]*pauses/mu,
    );
    expect(status).toBe(0);
  });
});
