import { PipelineError } from '../core/errors.ts';

/** Units as a file has them, to be spoken. */
export interface UnitsFile {
  /** The bundle's hash, where the file says it. */
  readonly hash?: string | undefined;
  /** In order; `start` and `end` are missing where the file is a continuation. Not checked beyond their form. */
  readonly units: readonly {
    readonly id: number;
    readonly fine?: number | undefined;
    readonly start?: number | undefined;
    readonly end?: number | undefined;
  }[];
}

/**
 * Reads what `sylstream tokenize` writes as JSON lines, with or without `--header`, or one line of `sylstream continue`. Provisional
 * units are left out; of several continuations the first is taken.
 *
 * @param text the whole file
 * @param name what it is called in an error
 * @throws PipelineError `SYLSTREAM_ERR_UNITS` for a line that is neither, units of several channels or files, or no unit at all
 */
export function readSpokenUnits(text: string, name: string): UnitsFile {
  const units: UnitsFile['units'][number][] = [];
  let hash: string | undefined;
  let source: string | undefined;
  let continued = false;

  function refuse(number: number, what: string): never {
    throw new PipelineError(
      'SYLSTREAM_ERR_UNITS',
      `${name} line ${number}: ${what}; give what sylstream tokenize or continue writes as JSON lines`,
    );
  }

  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const row = parse(line);
    const number = at + 1;
    if (row === undefined) refuse(number, `expected a JSON object, got ${line.slice(0, 60)}`);
    if (typeof row.hash === 'string') hash = row.hash;
    else if (Array.isArray(row.units)) {
      if (units.length > 0 && !continued) refuse(number, 'expected units, got a continuation too');
      if (!continued) units.push(...row.units.map((id) => ({ id: numberOf(id) ?? Number.NaN })));
      continued = true;
    } else if ('id' in row && !continued) {
      const from = JSON.stringify([row.file, row.channel]);
      if ((source ??= from) !== from)
        refuse(number, 'expected one channel of one recording, got another');
      const [id, fine, start, end] = [row.id, row.fine, row.start, row.end].map(numberOf);
      units.push({ id: row.pause === true ? 0 : (id ?? Number.NaN), fine, start, end });
    } else if (!('provisional' in row)) {
      refuse(number, `expected a unit or a continuation, got ${line.slice(0, 60)}`);
    }
  }
  if (units.length === 0) refuse(1, 'expected at least one unit, got none');
  return { hash, units };
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** A number as it is, and what is not there; anything else becomes NaN, which no one speaks. */
function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' || value === undefined ? value : Number.NaN;
}
