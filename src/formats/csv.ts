import type { Unit } from '../core/types.ts';
import { toSeconds } from '../core/time.ts';
import type { LabelOf, Provenance, UnitFormatter } from './unitFormatter.ts';

/** Options of `csv()`. */
export interface CsvOptions {
  /** What the numbers mean; repeated on every row, so that rows of several runs can be mixed. */
  readonly provenance: Provenance;
  /** Name of the recording, as a first column. Default: no such column. */
  readonly file?: string;
  /** Writes the row of column names. Default true; false for every recording of a table but the first. */
  readonly names?: boolean;
  /** Adds the column `channel`, before `index`. Default: no such column. */
  readonly channels?: boolean;
  /** What a unit stands for, in the column `label`; without it the column is empty. */
  readonly labelOf?: LabelOf | undefined;
  /** Numbers of each vector, as columns `v0`, `v1`, …; 0, the default, for none. */
  readonly vectorWidth?: number;
}

const COLUMNS =
  'index,id,fine,label,start,end,decided,startSeconds,endSeconds,confidence,pause,forced';
const PROVENANCE_COLUMNS = 'bundle,version,hash,precision,rate,lambda,w';

/**
 * Writes comma-separated values as RFC 4180 has them: one row of names, one row a unit, `\r\n` line ends, times in
 * samples at 16 kHz and in seconds, `pause` and `forced` as 0 or 1. It has no comment lines, which many readers
 * stumble over: bundle, hash, rate and λ are columns.
 *
 * ```ts
 * const rows = csv({ provenance });
 * const table = rows.begin() + units.map((unit) => rows.unit(unit)).join('');
 * ```
 */
export function csv(options: CsvOptions): UnitFormatter {
  const {
    provenance: from,
    file,
    names = true,
    channels = false,
    vectorWidth = 0,
    labelOf,
  } = options;
  const first = file === undefined ? [] : [cell(file)];
  const last = [
    from.bundle,
    from.version,
    from.hash,
    from.precision,
    from.rate,
    from.lambda,
    from.w,
  ];
  const vectorNames = Array.from({ length: vectorWidth }, (_, index) => `v${index}`);
  const channelNames = channels ? ['channel'] : [];
  const columns = [
    file === undefined ? [] : ['file'],
    channelNames,
    COLUMNS,
    vectorNames,
    PROVENANCE_COLUMNS,
  ];
  return {
    begin: () => (names ? `${columns.flat().join(',')}\r\n` : ''),
    unit: (unit) => {
      const vector = Array.from(unit.vector?.subarray(0, vectorWidth) ?? [], (v) =>
        v.toPrecision(9),
      );
      const channel = channels ? [unit.channel ?? 1] : [];
      return `${[...first, ...channel, ...cells(unit, labelOf?.(unit)), ...vector, ...last.map(cell)].join(',')}\r\n`;
    },
    end: () => '',
  };
}

function cells(unit: Unit, label = ''): (string | number)[] {
  return [
    unit.index,
    unit.id,
    unit.fine ?? 0,
    cell(label),
    unit.start,
    unit.end,
    unit.decided,
    toSeconds(unit.start),
    toSeconds(unit.end),
    unit.confidence?.toFixed(4) ?? '',
    Number(unit.pause),
    Number(unit.forced),
  ];
}

/** Quotes what holds a comma, a quote or a line end (RFC 4180, 2.6 and 2.7). */
function cell(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
