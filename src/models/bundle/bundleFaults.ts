import { PipelineError } from '../../core/errors.ts';

/** What a list of files says of one. */
export interface FileEntry {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** What is said where a bundle lacks a file. `place`: its path or address. */
export function bundleMissing(place: string, cause: unknown): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_BUNDLE_MISSING',
    `expected a bundle's file at ${place} and found none; name a bundle's folder (docs/bundle.md)`,
    { cause },
  );
}

/** What is said of a file that is not the listed one. `sha256`: undefined where its size tells enough. */
export function damaged(
  place: string,
  expected: FileEntry,
  found: { readonly bytes: number; readonly sha256?: string | undefined },
): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_BUNDLE_HASH',
    `${place} is damaged: expected ${expected.bytes} bytes with SHA-256 ${expected.sha256}, ` +
      `found ${found.bytes} bytes${found.sha256 === undefined ? '' : ` with ${found.sha256}`}; fetch or export the bundle again`,
  );
}

/** Refuses a listed path that leaves the folder. `place`: the folder. @throws PipelineError `SYLSTREAM_ERR_BUNDLE_FORMAT` */
export function checkInside(path: string, place: string): void {
  if (!path.split(/[\\/]/).includes('..')) return;
  throw new PipelineError(
    'SYLSTREAM_ERR_BUNDLE_FORMAT',
    `the file list of ${place} names ${path}; listed files lie inside its folder`,
  );
}
