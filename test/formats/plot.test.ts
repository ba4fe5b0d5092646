import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { MAX_PLOT_SAMPLES, type Plot, plotSvg } from '../../src/formats/plot.ts';
import { plotHtml } from '../../src/formats/plotHtml.ts';
import { melRange, spectrogramPng } from '../../src/formats/spectrogram.ts';
import { framesWithin } from '../../src/core/time.ts';
import { program } from '../helpers/require.ts';
import { PROVENANCE, SAMPLES, unit, UNITS } from '../helpers/units.ts';

/** A chirp through the bands, quiet elsewhere; bin 3 empty as in the front end. */
function chirp(samples: number): Plot['picture'] {
  const frames = framesWithin(samples);
  const mel = Float32Array.from({ length: frames * 128 }, (_, i) => {
    const [frame, bin] = [Math.floor(i / 128), i % 128];
    if (bin === 3) return -15.9424;
    return -Math.abs(bin - (frame * 128) / frames) / 8;
  });
  return { frames, mel };
}

const plot: Plot = {
  title: 'a <b> & "c".wav',
  samples: SAMPLES,
  picture: chirp(SAMPLES),
  units: UNITS,
  provenance: PROVENANCE,
};

describe('plotSvg', () => {
  const svg = plotSvg(plot);

  it('shows every unit with its number, and pauses without one', () => {
    expect([...svg.matchAll(/<g class="u">/g)]).toHaveLength(UNITS.length);
    const labels = [...svg.matchAll(/<\/title><rect[^>]*\/><text[^>]*>(\d+)</g)].map(
      ([, id]) => id,
    );
    expect(labels).toEqual(['17', '203', '17']);
    expect([...svg.matchAll(/rect[^>]*fill="url\(#pause\)"/g)]).toHaveLength(2);
  });

  it('shows what units stand for over their numbers, escaped, and upright without a number where it is narrow', () => {
    const labels = new Map([
      [17, 'fr<end'],
      [203, 'strengths'],
    ]);
    const narrow = unit({ index: 2, id: 203, start: 8_761, end: 9_400 });
    const units = [...UNITS.slice(0, 2), narrow, UNITS[3]];
    const named = plotSvg({ ...plot, units, labelOf: ({ id }) => labels.get(id) });
    const boxes = [...named.matchAll(/<g class="u">.*?<\/g>/g)].map(([box]) => box);
    expect(boxes[0]).not.toContain('<text');
    expect(boxes[1]).toMatch(/<title>#1: unit 17 \(fr&#60;end\), confidence/);
    expect(boxes[1]).toMatch(
      /<text x="[^"]*" y="[^"]*" font-size="15">fr&#60;end<.*class="n"[^>]*>17</,
    );
    expect(boxes[2]).toMatch(/<text[^>]*rotate\(-90[^>]*>strengths<\/text><\/g>$/);
    const row = plotHtml({ ...plot, labelOf: ({ id }) => labels.get(id) });
    expect(row).toContain('<td>17</td><td>fr&#60;end</td>');
  });

  it('gives the same unit the same colour, and others another', () => {
    const colours = [...svg.matchAll(/fill="(hsl[^"]*)"/g)].map(([, colour]) => colour);
    expect(colours[0]).toBe(colours[2]);
    expect(colours[0]).not.toBe(colours[1]);
  });

  it('draws a boundary at the end of every unit, dashed where it was forced', () => {
    const lines = [...svg.matchAll(/<line class="(b[^"]*)" x1="([\d.]+)"/g)];
    expect(lines.map(([, name]) => name)).toEqual(['b', 'b', 'b f', 'b', 'b']);
    const width = 1600 - 52 - 24;
    lines.forEach(([, , x], n) =>
      expect(Number(x)).toBeCloseTo((UNITS[n].end / SAMPLES) * width, 1),
    );
  });

  it('says what the numbers mean and escapes the title', () => {
    expect(svg).toContain('tiny 0.0.1 · int8 · rate natural · λ 2.25 · abababababab');
    expect(svg).toContain('a &#60;b&#62; &#38; &#34;c&#34;.wav');
    expect(svg).not.toContain('<b>');
  });

  it('wraps a long recording into rows and stops after ten minutes, saying so', () => {
    const samples = MAX_PLOT_SAMPLES + 16_000;
    const picture = { frames: 200, mel: chirp(SAMPLES).mel.slice(0, 200 * 128) };
    const long = plotSvg({ ...plot, samples, picture, units: [unit({ start: 0, end: samples })] });
    expect([...long.matchAll(/<g transform/g)]).toHaveLength(100);
    expect(long).toContain('601.00 s (the first 600 s are shown)');
  });

  it('names a unit that two rows share once, in the row with most of it', () => {
    const shared = [
      unit({ start: 80_000, end: 97_600, id: 5 }),
      unit({ start: 97_600, end: 112_000, id: 6 }),
    ];
    const both = plotSvg({ ...plot, samples: 112_000, units: shared });
    expect([...both.matchAll(/<g class="u">/g)]).toHaveLength(3);
    expect([...both.matchAll(/>(\d)<\/text><\/g>/g)].map(([, id]) => id)).toEqual(['5', '6']);
  });

  it('draws a recording too short for any frame', () => {
    const empty = plotSvg({
      ...plot,
      samples: 3,
      picture: { frames: 0, mel: new Float32Array(0) },
      units: [],
    });
    expect(empty).toContain('0 units');
    expect(empty).not.toContain('NaN');
  });

  it.runIf(program('rsvg-convert'))(
    'is drawn by an SVG renderer, bright where the sound is',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'sylstream-'));
      writeFileSync(join(folder, 'a.svg'), svg);
      execFileSync('rsvg-convert', [join(folder, 'a.svg'), '-o', join(folder, 'a.png')]);
      expect(readFileSync(join(folder, 'a.png')).length).toBeGreaterThan(20_000);
    },
  );
});

describe('plotHtml', () => {
  it('is one page with the picture and a row for every unit', () => {
    const html = plotHtml(plot);
    expect(html.startsWith('<!doctype html>')).toBe(true);
    expect(html).toContain('<svg ');
    expect([...html.matchAll(/<tr><td>/g)]).toHaveLength(UNITS.length);
    expect(html).not.toMatch(/(src|href)="(?!data:)/);
  });
});

describe('spectrogramPng', () => {
  it('has one pixel a frame and a bin, brightest along the chirp, the empty bin filled', () => {
    const range = melRange(plot.picture);
    const png = spectrogramPng(plot.picture, range, { from: 0, to: plot.picture.frames });
    const width = png.readUInt32BE(16);
    expect([width, png.readUInt32BE(20)]).toEqual([plot.picture.frames, 128]);
    const at = png.indexOf('IDAT');
    const rows = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
    const pixel = (frame: number, bin: number): number =>
      rows[(127 - bin) * (width + 1) + 1 + frame];
    for (const frame of [20, 90, 180]) {
      const bins = Array.from({ length: 128 }, (_, bin) => pixel(frame, bin));
      const peak = Math.max(...bins);
      const brightest = bins.flatMap((value, bin) => (value === peak ? [bin] : []));
      expect(brightest).toContain(Math.round((frame * 128) / width));
    }
    expect(pixel(10, 3)).toBe(pixel(10, 4));
  });
});
