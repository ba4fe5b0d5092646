import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeS16le } from '../../src/audio/pcm.ts';
import { wavHeader } from '../../src/audio/wavWriter.ts';
import type { Classification } from '../../src/operators/classify.ts';
import { SMALL, TINY_HEAD } from '../helpers/bundles.ts';
import { ENGINE, jsonLines, sylstream } from '../helpers/cli.ts';
import { present } from '../helpers/require.ts';
import { clipSamples, fixture } from '../helpers/speech.ts';

type Line = Classification & { readonly probabilities: Readonly<Record<string, number>> };

const folder = mkdtempSync(join(tmpdir(), 'sylstream-classify-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A WAV file of the given samples. */
function wav(name: string, samples: Float32Array): string {
  const path = join(folder, `${name}.wav`);
  const format = { sampleRate: 16_000, channels: 1 };
  const data = encodeS16le(samples);
  writeFileSync(path, Buffer.concat([wavHeader(format, data.length), data]));
  return path;
}

describe.runIf(present('bundle small', existsSync(SMALL)))('classify as it ships', () => {
  const CLIP = clipSamples('kathleen-a0002');
  const hear = async (file: string): Promise<Line[]> => {
    const { status, stdout, stderr } = await sylstream(['classify', '--workers', '1', file]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return jsonLines<Line>(stdout);
  };

  it('says without an option that a woman speaks where one does', async () => {
    for (const name of ['kathleen-a0002.wav', 'kathleen-a0004.wav']) {
      const lines = await hear(fixture(name));
      expect(lines.length).toBeGreaterThan(0);
      for (const { label, probabilities } of lines) {
        expect(label).toBe('woman');
        expect(Object.keys(probabilities)).toEqual(['man', 'woman']);
      }
    }
  });

  it('says nothing of silence, and goes on when somebody speaks', async () => {
    const silence = new Float32Array(6 * 16_000);
    expect((await hear(wav('silence', silence))).map((line) => line.label)).toEqual([
      null,
      null,
      null,
    ]);
    const both = new Float32Array(silence.length + CLIP.length);
    both.set(CLIP, silence.length);
    const lines = await hear(wav('both', both));
    expect(lines[0]).toMatchObject({
      label: null,
      probability: null,
      probabilities: null,
      heardSeconds: 0,
    });
    expect(lines.at(-1)).toMatchObject({ label: 'woman' });
  });

  it('gives a short file one line, and says what a shorter one than a frame lacks', async () => {
    const lines = await hear(wav('short', CLIP.subarray(16_000, 28_000)));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ start: 0, label: expect.any(String) });
    const { status, stdout, stderr } = await sylstream([
      'classify',
      wav('breath', CLIP.subarray(0, 300)),
    ]);
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toMatch(/^SYLSTREAM_ERR_AUDIO_SHORT /);
  });
});

describe('sylstream classify', () => {
  it('names what to do for a bundle without a head', async () => {
    const { status, stderr } = await sylstream([
      'classify',
      ...ENGINE,
      fixture('kathleen-a0002.wav'),
    ]);
    expect(status).toBe(4);
    expect(stderr).toMatch(/^SYLSTREAM_ERR_BUNDLE_MISSING .*name one \(--head\)/);
  });

  it('prints one line a window, with a probability for every label', async () => {
    const args = ['classify', ...ENGINE, '--head', TINY_HEAD, '--window', '400', '--hop', '200'];
    const { status, stdout, stderr } = await sylstream([...args, fixture('kathleen-a0002.wav')]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = jsonLines<Line>(stdout);
    expect(lines.length).toBeGreaterThan(10);
    expect(lines[1].start - lines[0].start).toBe(3200);
    for (const { probabilities, label, probability } of lines) {
      expect(Object.keys(probabilities)).toEqual(['left', 'right', 'neither']);
      expect(probabilities[label!]).toBe(probability);
    }
  });

  it('ends with status 4 for a head that is not there, 2 for a window that is none', async () => {
    const head = (folder: string, ...more: string[]) =>
      sylstream(['classify', ...ENGINE, '--head', folder, ...more, fixture('kathleen-a0002.wav')]);
    const absent = await head('nowhere');
    expect(absent.status).toBe(4);
    expect(absent.stderr).toContain('SYLSTREAM_ERR_BUNDLE_MISSING');
    expect((await head(TINY_HEAD, '--window', '30')).status).toBe(2);
  });
});
