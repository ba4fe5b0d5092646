import { PipelineError } from '../core/errors.ts';

/** A stretch with a label; seconds. */
export interface LabelledInterval {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** One tier: intervals, or points where `start === end`. */
export interface Tier {
  readonly name: string;
  readonly kind: 'intervals' | 'points';
  readonly items: readonly LabelledInterval[];
}

/** A TextGrid; seconds. */
export interface TextGrid {
  readonly start: number;
  readonly end: number;
  readonly tiers: readonly Tier[];
}

type Token =
  | { readonly kind: 'text' | 'flag'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number };

/**
 * A string with doubled quotes, a comment, a flag, a word. Praat's rule for its text files: only free-standing
 * numbers, strings and flags count, all the rest is for people ("TextGrid file formats" in Praat's manual).
 */
const TOKEN = /"((?:[^"]|"")*)"|!.*|<(\w+)>|([^\s"!]+)/g;
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/**
 * Reads a TextGrid in Praat's long or short text format, which are one format to a reader that skips what is for
 * people.
 *
 * @throws PipelineError SYLSTREAM_ERR_REFERENCE when it is something else or ends early; `name` goes into the message.
 */
export function readTextGrid(source: string, name: string): TextGrid {
  const tokens = tokenize(source.replace(/^\uFEFF/, ''));
  const next = reader(tokens, name);
  const [type, kind] = [next('text', 'the file type'), next('text', 'the object class')];
  if (!type.startsWith('ooTextFile') || kind !== 'TextGrid') {
    throw bad(
      name,
      `expected the strings "ooTextFile" and "TextGrid", got "${type}" and "${kind}"`,
    );
  }
  const start = next('number', 'xmin');
  const end = next('number', 'xmax');
  if (next('flag', 'whether there are tiers') !== 'exists') return { start, end, tiers: [] };
  const tiers = repeat(next('number', 'the number of tiers'), name, () => readTier(next, name));
  return { start, end, tiers };
}

type Next = {
  (kind: 'number', what: string): number;
  (kind: 'text' | 'flag', what: string): string;
};

function readTier(next: Next, file: string): Tier {
  const kind = next('text', "a tier's class");
  const name = next('text', "a tier's name");
  next('number', "a tier's xmin");
  next('number', "a tier's xmax");
  const count = next('number', `the size of tier "${name}"`);
  if (kind === 'IntervalTier') {
    const items = repeat(count, file, () => ({
      start: next('number', `an xmin in tier "${name}"`),
      end: next('number', `an xmax in tier "${name}"`),
      text: next('text', `a text in tier "${name}"`),
    }));
    return { name, kind: 'intervals', items };
  }
  if (kind !== 'TextTier') throw bad(file, `expected "IntervalTier" or "TextTier", got "${kind}"`);
  const items = repeat(count, file, () => {
    const at = next('number', `a time in tier "${name}"`);
    return { start: at, end: at, text: next('text', `a mark in tier "${name}"`) };
  });
  return { name, kind: 'points', items };
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  for (const [, text, flag, word] of source.matchAll(TOKEN)) {
    if (text !== undefined) tokens.push({ kind: 'text', value: text.replaceAll('""', '"') });
    else if (flag !== undefined) tokens.push({ kind: 'flag', value: flag });
    else if (word !== undefined && NUMBER.test(word)) {
      tokens.push({ kind: 'number', value: Number(word) });
    }
  }
  return tokens;
}

function reader(tokens: readonly Token[], name: string): Next {
  let at = 0;
  return ((kind: Token['kind'], what: string) => {
    const token = tokens[at++];
    if (token?.kind === kind) return token.value;
    const got = token === undefined ? 'the end of the file' : JSON.stringify(token.value);
    throw bad(name, `expected ${what} (${kind}) as value ${at}, got ${got}`);
  }) as Next;
}

function repeat<T>(count: number, name: string, read: () => T): T[] {
  if (!Number.isInteger(count) || count < 0) {
    throw bad(name, `expected a count, got ${count}`);
  }
  const found: T[] = [];
  while (found.length < count) found.push(read());
  return found;
}

function bad(name: string, what: string): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_REFERENCE',
    `${name} is no TextGrid in text format: ${what}; save it from Praat as a (short) text file`,
  );
}
