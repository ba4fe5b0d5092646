import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { PipelineError } from '../../src/core/errors.ts';

/** What the system says, in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'reading it is not allowed',
  EPERM: 'reading it is not allowed',
  ENOTDIR: 'a part of its path is no folder',
  ELOOP: 'its links go round in a circle',
  ENAMETOOLONG: 'its name is too long',
};

/** Reads a file that a setting names; throws `SYLSTREAM_ERR_CONFIG` with the reason why it cannot. */
export function readNamedFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw configError(`${path} cannot be read: ${reasonOf(cause)}`, cause);
  }
}

/** Reads a JSON file of settings; throws `SYLSTREAM_ERR_CONFIG` that says what is wrong and where. */
export function readConfigFile(path: string): object {
  const bytes = readNamedFile(path);
  if (!isUtf8(bytes)) throw configError(`${path} is not UTF-8 text; save it as UTF-8`);
  const text = bytes.toString('utf8').replace(/^\uFEFF/, ''); // the mark that some editors write
  if (text.trim() === '') throw configError(`${path} is empty; the least that it may hold is {}`);
  const value = parse(path, text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const kind = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;
    throw configError(`${path} must hold a JSON object of settings, got ${kind}`);
  }
  return value;
}

/** Why a file cannot be used, in words. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { code = '', message } = cause as NodeJS.ErrnoException;
  return REASONS[code] ?? message;
}

/** The parser's own words quote the text, which may hold a token: only the place is told. */
function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const at = /position (\d+)/.exec((cause as Error).message)?.[1];
    const place = at === undefined ? '' : ` (${placeOf(text, Number(at))})`;
    const end = /end of JSON/.test((cause as Error).message) ? ': it ends too early' : place;
    throw configError(`${path} is not valid JSON${end}`);
  }
}

function placeOf(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
}

function configError(message: string, cause?: unknown): PipelineError {
  return new PipelineError('SYLSTREAM_ERR_CONFIG', message, cause === undefined ? {} : { cause });
}
