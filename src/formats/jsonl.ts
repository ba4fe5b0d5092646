import type { Unit } from '../core/types.ts';
import { toSeconds } from '../core/time.ts';
import { fourDigits } from './fourDigits.ts';
import type { LabelOf, StatedProvenance, UnitFormatter } from './unitFormatter.ts';

/** Options of `jsonl()`. */
export interface JsonlOptions {
  /** Writes a first line that says which bundle, rate and λ the numbers belong to. Default: none. */
  readonly header?: StatedProvenance;
  /** Name of the recording, as a first key on every line; for several recordings in one output. Default: none. */
  readonly file?: string;
  /** What a unit stands for, as a key `label`. Default: no such key. */
  readonly labelOf?: LabelOf | undefined;
}

/**
 * Writes one JSON object a line: `channel` where channels are told apart, `index, id`, for units that are no pause `fine` and,
 * on request, `label`, then `start, end, decided` (samples at 16 kHz), `startSeconds, endSeconds`
 * (for people), `confidence`, then `pause: true` and `forced: true` only where they hold, and `vector` where the
 * unit has one.
 *
 * ```ts
 * const lines = jsonl({ header: provenance });
 * out.write(lines.begin());
 * for (const unit of units) out.write(lines.unit(unit));
 * ```
 */
export function jsonl(options: JsonlOptions = {}): UnitFormatter {
  const { header, file, labelOf } = options;
  const named = file === undefined ? {} : { file };
  return {
    begin: () => (header === undefined ? '' : line({ ...named, ...header })),
    unit: (unit) => line({ ...named, ...recordOf(unit, labelOf?.(unit)) }),
    end: () => '',
  };
}

/** Writes the provisional tail as one line `{"from", "provisional": [unit, …]}`; it replaces the one before. */
export function provisionalLine(from: number, units: readonly Unit[], file?: string): string {
  const named = file === undefined ? {} : { file };
  return line({ ...named, from, provisional: units.map(unitRecord) });
}

/** The JSON form of a unit. */
export function unitRecord(unit: Unit): Record<string, unknown> {
  return recordOf(unit);
}

function recordOf(unit: Unit, label?: string): Record<string, unknown> {
  return {
    ...(unit.channel === undefined ? {} : { channel: unit.channel }),
    index: unit.index,
    id: unit.id,
    ...(unit.fine === undefined ? {} : { fine: unit.fine }),
    ...(label === undefined ? {} : { label }),
    start: unit.start,
    end: unit.end,
    decided: unit.decided,
    startSeconds: toSeconds(unit.start),
    endSeconds: toSeconds(unit.end),
    ...(unit.confidence === undefined ? {} : { confidence: fourDigits(unit.confidence) }),
    ...(unit.pause ? { pause: true } : {}),
    ...(unit.forced ? { forced: true } : {}),
    ...(unit.vector === undefined ? {} : { vector: Array.from(unit.vector, shortest) }),
  };
}

/** The fewest digits that give the same float32 back. */
function shortest(value: number): number {
  return Number(value.toPrecision(9));
}

function line(record: object): string {
  return `${JSON.stringify(record)}\n`;
}
