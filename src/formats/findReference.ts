import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { PipelineError } from '../core/errors.ts';
import { decodeText } from './decodeText.ts';
import { type Reference, readReference, type ReferenceOptions } from './readReference.ts';

/** Finds the reference of a recording by its name without extension; undefined where there is none. */
export type ReferenceFinder = (id: string) => Promise<Reference | undefined>;

const EXTENSIONS = ['.TextGrid', '.textgrid', '.json'];

/**
 * Looks for references in a folder: `ID.TextGrid` or `ID.json` for a recording ID, else its entry in any JSON list
 * there, such as the evaluation pack's.
 *
 * @throws PipelineError SYLSTREAM_ERR_REFERENCE when the folder or a reference cannot be read
 */
export async function openReferences(
  folder: string,
  options: ReferenceOptions = {},
): Promise<ReferenceFinder> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  const listed = new Map<string, Reference>();
  for (const name of names.filter((entry) => extname(entry) === '.json')) {
    const text = await readText(join(folder, name));
    if (!text.trimStart().startsWith('[')) continue;
    for (const reference of readReference(text, name)) {
      if (reference.id !== undefined) listed.set(reference.id, reference);
    }
  }
  return async (id) => {
    const name = EXTENSIONS.map((extension) => id + extension).find((file) => names.includes(file));
    if (name === undefined) return listed.get(id);
    return readReference(await readText(join(folder, name)), name, options)[0];
  };
}

async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  return decodeText(bytes);
}

function unreadable(path: string, cause: unknown): PipelineError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new PipelineError(
    'SYLSTREAM_ERR_REFERENCE',
    `expected references in ${path}, got ${why}; name a folder with TextGrid or JSON files`,
    { cause },
  );
}
