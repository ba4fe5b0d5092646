import { joinedPauses } from '../segments/pauseJoiner.ts';
import type { Unit } from '../core/types.ts';
import { HOP_SAMPLES, toSeconds } from '../core/time.ts';
import { byChannel, type ChannelUnits } from './byChannel.ts';
import type { LabelOf, StatedProvenance, UnitFormatter } from './unitFormatter.ts';

/** Options of `textGrid()`. */
export interface TextGridOptions {
  /** What the numbers mean; written into the tier `sylstream`, which every reader keeps. */
  readonly provenance: StatedProvenance;
  /** What a unit stands for, as the tier `labels`. Default: no such tier. */
  readonly labelOf?: LabelOf | undefined;
  /** Leaves a long silence in the pieces in which it was decided; default: one interval. */
  readonly splitPauses?: boolean | undefined;
}

/** What is left after the last unit for want of a whole token is less than so much: 40 ms, two tokens. */
const REST_SAMPLES = 4 * HOP_SAMPLES;

interface Interval {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Writes a Praat TextGrid in the long text format, with the tiers
 * - `units`, intervals: the unit's number, empty for a pause (as phoneticians mark silence);
 * - `labels`, intervals: what the unit stands for, where that is known;
 * - `confidence`, intervals: 0 to 1, empty for a pause;
 * - `boundaries`, points: `certain`, or `forced` where the delay's limit made the decision;
 * each once for every channel, as `units 1` and so on, where channels are told apart, and
 * - `sylstream`, one interval over everything: bundle, version, hash, precision, rate, λ and w, as far as they are known.
 *
 * A long silence is one interval, and the last unit or pause ends with the recording where less than 40 ms are left, too
 * little for a token. Everything comes at the end, because the first lines hold the length and the counts. A recording without samples
 * gets a length of one sample: Praat opens no TextGrid of no length.
 *
 * ```ts
 * const grid = textGrid({ provenance });
 * for (const unit of units) grid.unit(unit);
 * writeFileSync('speech.TextGrid', grid.end(samples));
 * ```
 */
export function textGrid(options: TextGridOptions): UnitFormatter {
  const units: Unit[] = [];
  return {
    begin: () => '',
    unit: (unit) => {
      units.push(unit);
      return '';
    },
    end: (samples) => {
      const channels = byChannel(units).map(({ channel, units: all }) => {
        const shown = options.splitPauses ? all : joinedPauses(all);
        return { channel, units: toTheEnd(shown, samples) };
      });
      return document(channels, samples, options);
    },
  };
}

/** The units, the last one as long as the recording where only a rest is missing. */
function toTheEnd(units: readonly Unit[], samples: number): readonly Unit[] {
  const last = units.at(-1);
  if (last === undefined || last.end >= samples || samples - last.end >= REST_SAMPLES) return units;
  return [...units.slice(0, -1), { ...last, end: samples }];
}

function document(
  channels: readonly ChannelUnits[],
  samples: number,
  { provenance, labelOf }: TextGridOptions,
): string {
  const length = Math.max(samples, ...channels.map(({ units }) => units.at(-1)?.end ?? 0), 1);
  const words = Object.entries(provenance).map(([name, value]) => `${name}=${value}`);
  const tiers = [
    ...channels.flatMap((one) => tiersOf(one, length, labelOf)),
    intervalTier('sylstream', length, [{ start: 0, end: length, text: words.join(' ') }]),
  ];
  const head = [
    'File type = "ooTextFile"',
    'Object class = "TextGrid"',
    '',
    ...span(length),
    'tiers? <exists> ',
    `size = ${tiers.length} `,
    'item []: ',
  ];
  const items = tiers.flatMap((lines, n) => [`    item [${n + 1}]:`, ...lines.map(indent(8))]);
  return `${[...head, ...items].join('\n')}\n`;
}

/** The tiers of one channel; its number is in their names where channels are told apart. */
function tiersOf(
  { channel, units }: ChannelUnits,
  length: number,
  labelOf: LabelOf | undefined,
): string[][] {
  const name = (what: string): string => (channel === undefined ? what : `${what} ${channel}`);
  const ids = intervals(units, length, (unit) => String(unit.id));
  const confidences = intervals(units, length, (unit) => unit.confidence?.toFixed(3) ?? '');
  return [
    intervalTier(name('units'), length, ids),
    ...(labelOf === undefined
      ? []
      : [
          intervalTier(
            name('labels'),
            length,
            intervals(units, length, (unit) => labelOf(unit) ?? ''),
          ),
        ]),
    intervalTier(name('confidence'), length, confidences),
    pointTier(name('boundaries'), length, units),
  ];
}

/** Intervals without holes from 0 to the end, as Praat wants them. */
function intervals(
  units: readonly Unit[],
  length: number,
  text: (unit: Unit) => string,
): Interval[] {
  const found: Interval[] = [];
  let at = 0;
  for (const unit of units) {
    if (unit.start > at) found.push({ start: at, end: unit.start, text: '' });
    found.push({ start: unit.start, end: unit.end, text: unit.pause ? '' : text(unit) });
    at = unit.end;
  }
  if (at < length) found.push({ start: at, end: length, text: '' });
  return found;
}

function intervalTier(name: string, length: number, found: readonly Interval[]): string[] {
  const rows = found.flatMap(({ start, end, text }, n) => [
    `intervals [${n + 1}]:`,
    `    xmin = ${toSeconds(start)} `,
    `    xmax = ${toSeconds(end)} `,
    `    text = ${quoted(text)} `,
  ]);
  const head = ['class = "IntervalTier" ', `name = ${quoted(name)} `, ...span(length)];
  return [...head, `intervals: size = ${found.length} `, ...rows];
}

function pointTier(name: string, length: number, units: readonly Unit[]): string[] {
  const rows = units.flatMap((unit, n) => [
    `points [${n + 1}]:`,
    `    number = ${toSeconds(unit.end)} `,
    `    mark = ${quoted(unit.forced ? 'forced' : 'certain')} `,
  ]);
  const head = ['class = "TextTier" ', `name = ${quoted(name)} `, ...span(length)];
  return [...head, `points: size = ${units.length} `, ...rows];
}

function span(length: number): string[] {
  return ['xmin = 0 ', `xmax = ${toSeconds(length)} `];
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function indent(columns: number): (line: string) => string {
  return (line) => ' '.repeat(columns) + line;
}
