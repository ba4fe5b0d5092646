import { PipelineError } from '../core/errors.ts';
import { readTextGrid } from './readTextGrid.ts';
import { chooseTier } from './referenceTier.ts';

/** Where a reference stands in its file. */
export interface ReferenceSource {
  /** Name of the tier of a TextGrid; undefined for JSON. */
  readonly tier?: string;
  /** Names of all its interval tiers. */
  readonly tiers?: readonly string[];
  /** True where nothing says that the tier holds syllables. */
  readonly assumed: boolean;
}

/** Syllables of one recording as somebody else found them; seconds, in order. */
export interface Reference {
  /** The recording's file name without its extension; undefined where the file does not say. */
  readonly id?: string;
  /** Syllables; empty where only boundaries are known. */
  readonly syllables: readonly { readonly start: number; readonly end: number }[];
  /** Every distinct start and end of a syllable. */
  readonly boundaries: readonly number[];
  readonly source: ReferenceSource;
}

/** Options of `readReference()`. */
export interface ReferenceOptions {
  /** Tier of a TextGrid. Default: one whose name begins with `syl` or has it inside, else `units`, else the first. */
  readonly tier?: string;
}

/** An end this near to the next start is one boundary, not two; seconds (the evaluation pack's own rule). */
const MERGE_SECONDS = 0.011;
/** Labels of silence in the corpora that people use: Praat's empty text, HTK, MFA, TIMIT, Festival, DARPA. */
const SILENCE = /^(|0|_|#|h#|<?(s?il|pau|pause|sp|spn|eps|p)>?|<p:>|\(\.*\))$/i;

/**
 * Reads references from a file's text: a TextGrid (long or short text format), or JSON, either one object or a list
 * of them, with `syllables: [{start, end}]` or `boundaries: [seconds]` and, in a list, `id`.
 *
 * @throws PipelineError SYLSTREAM_ERR_REFERENCE when the file is neither, or names no syllables.
 */
export function readReference(
  source: string,
  name: string,
  options: ReferenceOptions = {},
): Reference[] {
  if (/^\s*[[{]/.test(source)) return fromJson(source, name);
  return [fromTextGrid(source, name, options.tier)];
}

/** Every distinct start and end, ascending; an end that meets the next start counts once. */
export function boundariesOf(
  syllables: readonly { readonly start: number; readonly end: number }[],
): number[] {
  const all = syllables.flatMap(({ start, end }) => [start, end]).sort((a, b) => a - b);
  const found: number[] = [];
  for (const time of all) {
    if (found.length === 0 || time - found[found.length - 1] > MERGE_SECONDS) found.push(time);
  }
  return found;
}

function fromTextGrid(text: string, name: string, wanted?: string): Reference {
  const { tiers } = readTextGrid(text, name);
  const names = tiers.filter(({ kind }) => kind === 'intervals').map((tier) => tier.name);
  const chosen = chooseTier(tiers, wanted);
  if (chosen === undefined) {
    const found = names.map((tier) => `"${tier}"`).join(', ') || 'none';
    throw bad(name, `has no interval tier ${wanted ? `"${wanted}"` : ''} (it has: ${found})`);
  }
  const { tier, assumed } = chosen;
  const syllables = tier.items.filter((item) => !SILENCE.test(item.text.trim()));
  const source = { tier: tier.name, tiers: names, assumed };
  return { syllables, boundaries: boundariesOf(syllables), source };
}

function fromJson(source: string, name: string): Reference[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(source);
  } catch (cause) {
    throw bad(name, `is no JSON: ${(cause as Error).message}`, cause);
  }
  if (Array.isArray(parsed))
    return parsed.flatMap((entry, n) => fromEntry(entry, `${name}, entry ${n}`));
  const found = fromEntry(parsed, name);
  if (found.length === 0) throw bad(name, 'has neither "syllables" nor "boundaries"');
  return found;
}

/** An entry of a list may have a text only (the pack's French and Russian): it is no reference, and no mistake. */
function fromEntry(entry: unknown, name: string): Reference[] {
  if (typeof entry !== 'object' || entry === null) throw bad(name, 'is no object');
  const { id, syllables, boundaries } = entry as Record<string, unknown>;
  const named = typeof id === 'string' ? { id } : {};
  const source = { assumed: false };
  if (Array.isArray(syllables)) {
    if (!syllables.every(isSpan))
      throw bad(name, 'has a syllable without "start" < "end" (seconds)');
    return [{ ...named, syllables, boundaries: boundariesOf(syllables), source }];
  }
  if (!Array.isArray(boundaries)) return [];
  if (!boundaries.every((time) => Number.isFinite(time))) {
    throw bad(name, 'has a boundary that is no number (seconds)');
  }
  const sorted = (boundaries as number[]).toSorted((a, b) => a - b);
  return [{ ...named, syllables: [], boundaries: sorted, source }];
}

function isSpan(value: unknown): value is { start: number; end: number } {
  const { start, end } = (value ?? {}) as Record<string, unknown>;
  return Number.isFinite(start) && Number.isFinite(end) && (start as number) < (end as number);
}

function bad(name: string, what: string, cause?: unknown): PipelineError {
  const message = `reference ${name} ${what}; expected a TextGrid in text format, or JSON with "syllables": [{"start", "end"}] in seconds`;
  return new PipelineError('SYLSTREAM_ERR_REFERENCE', message, { cause });
}
