import type { Unit } from '../core/types.ts';
import { SAMPLE_RATE, toSeconds } from '../core/time.ts';
import { unitHue } from './colours.ts';
import type { LabelOf } from './unitFormatter.ts';

/** Options of `unitStrip()`. */
export interface StripOptions {
  /** Width of the terminal, in columns. */
  readonly columns: number;
  /** Paints each unit in its colour (256 colours). Default true. */
  readonly colour?: boolean;
  /** What a unit stands for; it is shown in place of the number. */
  readonly labelOf?: LabelOf | undefined;
}

/** Draws units as a line that grows; every method returns what is to be written to the terminal. */
export interface UnitStrip {
  /** A final unit. */
  unit(unit: Unit): string;
  /** The tail as it looks now, dimmed; replaces the one before. */
  provisional(units: readonly Unit[]): string;
  /** Leaves the cursor on a fresh line. */
  end(): string;
}

/** Samples of a column: 40 ms. */
const COLUMN_SAMPLES = SAMPLE_RATE / 25;
/** A pause of so many samples begins a new line: half a second. */
const LINE_PAUSE_SAMPLES = SAMPLE_RATE / 2;
const MAX_PAUSE_COLUMNS = 4;
const CLEAR_REST = '\u001b[K';
const RESET = '\u001b[0m';
const DIM = '\u001b[2m';

/**
 * Draws a live strip for a terminal: each unit as a block as wide as it is long (40 ms a column), its label or number
 * inside, in a colour of its own; pauses as dots, a long one as a new line; the time at the start of every line.
 */
export function unitStrip(options: StripOptions): UnitStrip {
  const { columns, colour = true, labelOf } = options;
  const inside = (unit: Unit): string => cellOf(unit, labelOf?.(unit) ?? String(unit.id));
  let line = '';
  let width = 0;
  let pausedSamples = 0;

  function begin(unit: Unit): string {
    const fresh = line === '' ? '' : '\n';
    const clock = `${toSeconds(unit.start).toFixed(1).padStart(7)} s `;
    line = colour ? `${DIM}${clock}${RESET}` : clock;
    width = clock.length;
    return fresh;
  }

  function add(unit: Unit): string {
    const cell = inside(unit);
    let before = '';
    if (line === '' || width + cell.length >= columns)
      before = `\r${line}${CLEAR_REST}${begin(unit)}`;
    line += paint(cell, unit, colour);
    width += cell.length;
    return before;
  }

  return {
    unit: (unit) => {
      pausedSamples = unit.pause ? pausedSamples + unit.end - unit.start : 0;
      if (unit.pause && pausedSamples >= LINE_PAUSE_SAMPLES) {
        const finished = line === '' ? '' : `\r${line}${CLEAR_REST}\n`;
        line = '';
        return finished;
      }
      if (unit.pause && line === '') return '';
      return `${add(unit)}\r${line}${CLEAR_REST}`;
    },
    provisional: (units) => {
      if (line === '') return '';
      const tail = units
        .map(inside)
        .join('')
        .slice(0, Math.max(0, columns - width - 1));
      return `\r${line}${colour ? `${DIM}${tail}${RESET}` : tail}${CLEAR_REST}`;
    },
    end: () => {
      const finished = line === '' ? '' : `\r${line}${CLEAR_REST}\n`;
      line = '';
      return finished;
    },
  };
}

/** The unit's name in the middle of its columns. */
function cellOf(unit: Unit, name: string): string {
  const wide = Math.round((unit.end - unit.start) / COLUMN_SAMPLES);
  if (unit.pause) return '·'.repeat(Math.min(MAX_PAUSE_COLUMNS, Math.max(1, wide)));
  const text = ` ${name} `;
  const room = Math.max(wide, text.length);
  return text.padStart(Math.floor((room + text.length) / 2)).padEnd(room);
}

function paint(cell: string, unit: Unit, colour: boolean): string {
  if (!colour) return unit.pause ? cell : `[${cell.slice(1, -1)}]`;
  if (unit.pause) return `${DIM}${cell}${RESET}`;
  return `\u001b[38;5;16;48;5;${pastel(unitHue(unit.id))}m${cell}${RESET}`;
}

/** The nearest light colour to a hue in the 6 × 6 × 6 cube of a 256-colour terminal. */
function pastel(hue: number): number {
  const band = (shift: number): number => {
    const distance = Math.abs(((hue + shift + 540) % 360) - 180); // 0 at the band's own hue, 180 opposite
    return distance <= 60 ? 5 : distance >= 120 ? 2 : Math.round(5 - (distance - 60) / 20);
  };
  return 16 + 36 * band(0) + 6 * band(240) + band(120);
}
