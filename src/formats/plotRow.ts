import type { Unit } from '../core/types.ts';
import { HOP_SAMPLES, SAMPLE_RATE, toSeconds, WINDOW_SAMPLES } from '../core/time.ts';
import { unitHue } from './colours.ts';
import { escapeXml } from './escapeXml.ts';
import type { LabelOf } from './unitFormatter.ts';
import { type MelPicture, type MelRange, spectrogramPng } from './spectrogram.ts';

/** One row of the picture: which samples, how wide, how bright. */
export interface PlotSpan {
  readonly from: number;
  readonly to: number;
  readonly pixelsPerSample: number;
  readonly range: MelRange;
}

/** Height of a row with its axis and the space below it, in pixels. */
export const ROW_HEIGHT = 270;
const SPECTROGRAM_HEIGHT = 180;
const STRIP_TOP: number = SPECTROGRAM_HEIGHT + 3;
const STRIP_HEIGHT = 36;
const AXIS_TOP: number = STRIP_TOP + STRIP_HEIGHT;
/** Largest font of a unit's number, and the smallest before it is turned upright. */
const FONT = { largest: 15, smallest: 9, widthPerSize: 0.68 } as const;
/** Kilohertz that get a mark. */
const MARKS_KHZ = [0.25, 0.5, 1, 2, 4];

/** Draws the spectrogram, boundaries, units and axes of one row, its top left corner at the origin. */
export function plotRow(
  plot: {
    readonly picture: MelPicture;
    readonly units: readonly Unit[];
    readonly labelOf?: LabelOf | undefined;
  },
  span: PlotSpan,
): string {
  const inside = plot.units.filter((unit) => unit.end > span.from && unit.start < span.to);
  return [
    spectrogram(plot.picture, span),
    ...inside.map((unit) => unitBox(unit, plot.labelOf?.(unit), span)),
    ...inside.filter((unit) => unit.end < span.to).map((unit) => boundary(unit, span)),
    ...frequencyAxis(),
    ...timeAxis(span),
  ].join('\n');
}

/** The frame in the middle of a picture's pixel lies half a window after the frame's first sample. */
function spectrogram(picture: MelPicture, span: PlotSpan): string {
  const lead = (WINDOW_SAMPLES - HOP_SAMPLES) / 2;
  const from = Math.max(0, Math.floor((span.from - lead) / HOP_SAMPLES));
  const to = Math.min(picture.frames, Math.ceil((span.to - lead) / HOP_SAMPLES));
  const width = px(span.to - span.from, span);
  const ground = `<rect width="${width}" height="${SPECTROGRAM_HEIGHT}" fill="#000004"/>`;
  if (to <= from) return ground;
  const x = px(Math.max(0, from * HOP_SAMPLES + lead - span.from), span);
  const end = px(Math.min(to * HOP_SAMPLES + lead, span.to) - span.from, span);
  const png = spectrogramPng(picture, span.range, { from, to }).toString('base64');
  return `${ground}<image x="${x}" width="${round(end - x)}" height="${SPECTROGRAM_HEIGHT}" preserveAspectRatio="none" href="data:image/png;base64,${png}"/>`;
}

function unitBox(unit: Unit, label: string | undefined, span: PlotSpan): string {
  const left = px(Math.max(unit.start, span.from) - span.from, span);
  const width = round(px(Math.min(unit.end, span.to) - span.from, span) - left);
  const fill = unit.pause ? 'url(#pause)' : `hsl(${unitHue(unit.id)} 62% 76%)`;
  const box = `<rect x="${left}" y="${STRIP_TOP}" width="${width}" height="${STRIP_HEIGHT}" rx="3" fill="${fill}"/>`;
  const most = 2 * width >= px(unit.end - unit.start, span); // a unit over two rows is named once
  const text = unit.pause || !most ? '' : name(unit.id, label, left + width / 2, width);
  return `<g class="u"><title>${tooltip(unit, label)}</title>${box}${text}</g>`;
}

/** The unit's label over its number, or its number, as large as its box allows; upright in a narrow one, a label then alone. */
function name(id: number, label: string | undefined, middle: number, width: number): string {
  const text = label ?? String(id);
  const size = Math.min(FONT.largest, (width - 2) / (text.length * FONT.widthPerSize));
  const x = round(middle);
  const centre = STRIP_TOP + STRIP_HEIGHT / 2;
  if (size < FONT.smallest) {
    const upright = round(
      Math.min(12, Math.max(5, width), STRIP_HEIGHT / (text.length * FONT.widthPerSize)),
    );
    return `<text x="${x}" y="${round(centre + upright * 0.36)}" font-size="${upright}" transform="rotate(-90 ${x} ${centre})">${escapeXml(text)}</text>`;
  }
  const y = label === undefined ? centre : centre - 6;
  const number =
    label === undefined ? '' : `<text class="n" x="${x}" y="${round(centre + 14)}">${id}</text>`;
  return `<text x="${x}" y="${round(y + size * 0.36)}" font-size="${round(size)}">${escapeXml(text)}</text>${number}`;
}

function tooltip(unit: Unit, label: string | undefined): string {
  const sure = unit.confidence === undefined ? '' : `, confidence ${unit.confidence.toFixed(2)}`;
  const what = unit.pause
    ? 'pause'
    : `unit ${unit.id}${label === undefined ? '' : ` (${escapeXml(label)})`}${sure}`;
  const when = `${toSeconds(unit.start).toFixed(3)} to ${toSeconds(unit.end).toFixed(3)} s`;
  const delay = Math.round(toSeconds(unit.decided - unit.end) * 1000);
  return `#${unit.index}: ${what}; ${when}; ${unit.forced ? 'forced' : 'decided'} ${delay} ms after its end`;
}

function boundary(unit: Unit, span: PlotSpan): string {
  const x = px(unit.end - span.from, span);
  const line = (name: string): string =>
    `<line class="${name}" x1="${x}" x2="${x}" y1="0" y2="${SPECTROGRAM_HEIGHT}"/>`;
  return line('s') + line(unit.forced ? 'b f' : 'b');
}

function frequencyAxis(): string[] {
  return MARKS_KHZ.map((kilohertz) => {
    const y = round(SPECTROGRAM_HEIGHT * (1 - melShare(kilohertz * 1000)));
    return `<line x1="-5" x2="0" y1="${y}" y2="${y}" stroke="#55555e"/><text x="-8" y="${round(y + 4)}" text-anchor="end" class="t">${kilohertz === 0.25 ? '¼' : kilohertz === 0.5 ? '½' : kilohertz}${kilohertz === 4 ? ' kHz' : ''}</text>`;
  });
}

/** Where a frequency lies between the lowest and the highest mel band, 0 to 1 (Kaldi's mel scale, 20 Hz to 8 kHz). */
function melShare(hertz: number): number {
  return (mel(hertz) - mel(20)) / (mel(SAMPLE_RATE / 2) - mel(20));
}

function mel(hertz: number): number {
  return 1127 * Math.log(1 + hertz / 700);
}

/** A mark every 100 ms, a longer one with its number every half second. */
function timeAxis(span: PlotSpan): string[] {
  const step = SAMPLE_RATE / 10;
  const marks: string[] = [];
  for (let at = Math.ceil(span.from / step) * step; at <= span.to; at += step) {
    const x = px(at - span.from, span);
    const named = at % (SAMPLE_RATE / 2) === 0;
    const y2 = AXIS_TOP + (named ? 9 : 5);
    marks.push(`<line x1="${x}" x2="${x}" y1="${AXIS_TOP + 2}" y2="${y2}" stroke="#9a9aa4"/>`);
    if (named) {
      const text = `${toSeconds(at).toFixed(1)}${at === 0 ? ' s' : ''}`;
      marks.push(`<text x="${x}" y="${y2 + 13}" text-anchor="middle" class="t">${text}</text>`);
    }
  }
  return marks;
}

function px(samples: number, span: PlotSpan): number {
  return round(samples * span.pixelsPerSample);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
