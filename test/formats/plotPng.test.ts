import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createCanvas } from '../../src/formats/canvas.ts';
import { unitColour } from '../../src/formats/colours.ts';
import { plotPng } from '../../src/formats/plotPng.ts';
import { MEL_BINS } from '../../src/core/time.ts';
import { program } from '../helpers/require.ts';
import { PROVENANCE, SAMPLES, UNITS } from '../helpers/units.ts';

function drawn(samples = SAMPLES): Buffer {
  const frames = Math.floor(samples / 160) - 2;
  const mel = Float32Array.from(
    { length: Math.max(0, frames) * MEL_BINS },
    (_, n) => (n * 31) % 97,
  );
  const picture = { frames: Math.max(0, frames), mel };
  const units = samples < SAMPLES ? [] : UNITS;
  return plotPng({ title: 'Gespräch.wav', samples, picture, units, provenance: PROVENANCE });
}

/** Chunks of a PNG file by their types. */
function chunks(png: Buffer): Map<string, Buffer[]> {
  const found = new Map<string, Buffer[]>();
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const type = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + png.readUInt32BE(at));
    found.set(type, [...(found.get(type) ?? []), body]);
  }
  return found;
}

describe('plotPng', () => {
  it('draws every unit in its colour and every boundary, and says what it is', () => {
    const found = chunks(drawn());
    const [width, height] = [0, 4].map((at) => found.get('IHDR')![0].readUInt32BE(at));
    const rows = inflateSync(found.get('IDAT')![0]);
    expect(rows).toHaveLength((width + 1) * height);
    const palette = found.get('PLTE')![0];
    expect(palette.length / 3).toBeLessThanOrEqual(256);
    const used = new Set(rows);
    expect(Math.max(...used)).toBeLessThan(palette.length / 3);
    // Paper, ink, axis, pause, certain and forced boundaries; a hue for each of two different units; the spectrogram.
    for (let colour = 0; colour < 6; colour++) expect(used).toContain(colour);
    expect([...used].filter((colour) => colour >= 6 && colour < 78)).toHaveLength(2);
    expect([...used].filter((colour) => colour >= 78).length).toBeGreaterThan(40);
    const texts = found.get('iTXt')!.map((text) => text.toString());
    expect(texts[0]).toBe('Title\0\0\0\0\0Gespräch.wav');
    expect(texts[1]).toContain('tiny 0.0.1 · int8 · rate natural');
  });

  it('is as high as the recording is long, six seconds a row, and draws an empty one', () => {
    const height = (samples: number): number =>
      chunks(drawn(samples)).get('IHDR')![0].readUInt32BE(4);
    expect(height(0)).toBe(height(96_000));
    expect(height(96_001) - height(96_000)).toBe(height(96_000) - 24);
  });

  it.runIf(program('ffmpeg'))('is read by others', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'sylstream-')), 'plot.png');
    writeFileSync(path, drawn());
    const args = ['-v', 'error', '-xerror', '-i', path, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
    const pixels = execFileSync('ffmpeg', args, { maxBuffer: 2 ** 26 });
    expect([...pixels.subarray(0, 3)]).toEqual([255, 255, 255]);
  });
});

describe('createCanvas', () => {
  it('writes digits and leaves out what lies outside', () => {
    const canvas = createCanvas(6, 7);
    canvas.write('1', 0, 0, 1, 1);
    const rows = Array.from({ length: 7 }, (_, y) =>
      canvas.pixels.subarray(6 * y, 6 * y + 6).join(''),
    );
    expect(rows).toEqual(['001000', '011000', '001000', '001000', '001000', '001000', '011100']);
    canvas.fill(-5, -5, 100, 100, 2);
    expect(canvas.pixels.every((colour) => colour === 2)).toBe(true);
  });
});

describe('unitColour', () => {
  it.each([
    [0, [232, 156, 156]],
    [120, [156, 232, 156]],
    [240, [156, 156, 232]],
  ] as const)('of %i degrees is that of hsl(%i 62%% 76%%)', (hue, colour) => {
    expect(unitColour(hue)).toEqual(colour);
  });
});
