import type { Unit } from '../core/types.ts';
import { SAMPLE_RATE, toSeconds } from '../core/time.ts';
import { plotRow, ROW_HEIGHT } from './plotRow.ts';
import { type MelPicture, melRange } from './spectrogram.ts';
import { escapeXml } from './escapeXml.ts';
import type { LabelOf, Provenance } from './unitFormatter.ts';

/** What a picture shows. */
export interface Plot {
  /** Name of the recording. */
  readonly title: string;
  /** Length of the recording, samples at 16 kHz. */
  readonly samples: number;
  readonly picture: MelPicture;
  /** All units, in order. */
  readonly units: readonly Unit[];
  readonly provenance: Provenance;
  /** What a unit stands for; it then stands above the unit's number. */
  readonly labelOf?: LabelOf | undefined;
}

/** Longest stretch that is drawn; a longer recording's picture ends there and says so. */
export const MAX_PLOT_SAMPLES: number = 600 * SAMPLE_RATE;
/** Longest row; the recording wraps like written music. */
export const ROW_SAMPLES: number = 6 * SAMPLE_RATE;
const WIDTH = 1600;
const HEADER_HEIGHT = 64;
const MARGIN = { left: 52, right: 24 } as const;

/**
 * Draws a recording as SVG: its mel spectrogram with every boundary (dashed where it was forced), the units' labels and numbers
 * in their own colours below it, pauses in grey, a time axis in seconds; in rows of 6 s. Each unit's numbers show up
 * where the mouse rests on it.
 *
 * ```ts
 * writeFileSync('speech.svg', plotSvg({ title: 'speech.wav', samples, picture, units, provenance }));
 * ```
 */
export function plotSvg(plot: Plot): string {
  const shown = Math.min(plot.samples, MAX_PLOT_SAMPLES);
  const rowSamples = Math.min(ROW_SAMPLES, Math.max(shown, SAMPLE_RATE));
  const rows = Math.max(1, Math.ceil(shown / rowSamples));
  const range = melRange(plot.picture);
  const pixelsPerSample = (WIDTH - MARGIN.left - MARGIN.right) / rowSamples;
  const drawn = Array.from({ length: rows }, (_, row) => {
    const from = row * rowSamples;
    const to = Math.min(from + rowSamples, shown);
    const body = plotRow(plot, { from, to, pixelsPerSample, range });
    return `<g transform="translate(${MARGIN.left} ${HEADER_HEIGHT + row * ROW_HEIGHT})">${body}</g>`;
  });
  const height = HEADER_HEIGHT + rows * ROW_HEIGHT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="DejaVu Sans, Verdana, Helvetica, Arial, sans-serif">`,
    STYLE,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    header(plot, shown),
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

const STYLE = `<style>
.s{stroke:#000004;stroke-width:4;stroke-opacity:.4}
.b{stroke:#fff;stroke-width:1.4;stroke-opacity:.9}
.f{stroke-dasharray:4 3;stroke:#ffd34d}
.u text{text-anchor:middle;fill:#1b1b1f;font-weight:600}
.u rect{stroke:#fff;stroke-width:1}
.u:hover rect{stroke:#1b1b1f;stroke-width:2}
.u .n{font-size:10px;font-weight:400;fill:#55555e}
.t{fill:#55555e;font-size:12px}
</style>
<defs><pattern id="pause" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="7" height="7" fill="#ececf0"/><rect width="2" height="7" fill="#d4d4dc"/></pattern></defs>`;

/** Two lines about a recording: its length, units and rate; bundle, precision, rate, λ and hash. */
export function plotSummary(plot: Plot, shown: number): [what: string, which: string] {
  const { provenance: from, units } = plot;
  const spoken = units.filter((unit) => !unit.pause);
  const samples = spoken.reduce((sum, unit) => sum + unit.end - unit.start, 0);
  const rate = samples === 0 ? 0 : spoken.length / toSeconds(samples);
  const cut = shown < plot.samples ? ` (the first ${toSeconds(shown)} s are shown)` : '';
  return [
    `${toSeconds(plot.samples).toFixed(2)} s${cut} · ${spoken.length} units · ${rate.toFixed(2)} a second of speech`,
    `${from.bundle} ${from.version} · ${from.precision} · rate ${from.rate} · λ ${Number(from.lambda.toPrecision(4))} · ${from.hash.slice(0, 12)}`,
  ];
}

function header(plot: Plot, shown: number): string {
  const [what, which] = plotSummary(plot, shown);
  const right = WIDTH - MARGIN.right;
  return [
    `<text x="${MARGIN.left}" y="30" font-size="19" font-weight="700" fill="#1b1b1f">${escapeXml(plot.title)}</text>`,
    `<text x="${right}" y="22" text-anchor="end" class="t">${what}</text>`,
    `<text x="${right}" y="40" text-anchor="end" class="t">${escapeXml(which)}</text>`,
  ].join('\n');
}
