import { describe, expect, it } from 'vitest';
import type { Classification } from '../../src/operators/classify.ts';
import { TINY_HEAD } from '../helpers/bundles.ts';
import { ENGINE, jsonLines, sylstream } from '../helpers/cli.ts';
import { fixture } from '../helpers/speech.ts';

type Line = Classification & { readonly probabilities: Readonly<Record<string, number>> };

describe('sylstream classify', () => {
  it('prints one line a window, with a probability for every label', async () => {
    const args = ['classify', ...ENGINE, '--head', TINY_HEAD, '--window', '400', '--hop', '200'];
    const { status, stdout, stderr } = await sylstream([...args, fixture('kathleen-a0002.wav')]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = jsonLines<Line>(stdout);
    expect(lines.length).toBeGreaterThan(10);
    expect(lines[1].start - lines[0].start).toBe(3200);
    for (const { probabilities, label, probability } of lines) {
      expect(Object.keys(probabilities)).toEqual(['left', 'right', 'neither']);
      expect(probabilities[label]).toBe(probability);
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
