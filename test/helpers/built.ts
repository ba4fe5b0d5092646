import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isBuilt } from './cli.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Builds the project where `dist` is older than the sources: for tests of what users get. */
export function build(): void {
  if (!isBuilt()) execFileSync('npm', ['run', 'build'], { cwd: ROOT, stdio: 'ignore' });
}

/** A folder inside the project, so that `sylstream` finds itself by its own name there; git ignores it. */
export interface UserFolder {
  readonly path: string;
  /** Writes a file and returns its path. */
  write(name: string, text: string): string;
  remove(): void;
}

/** Makes a folder for programs that use the package. */
export function userFolder(): UserFolder {
  const path = mkdtempSync(join(ROOT, 'artifacts-user-'));
  return {
    path,
    write: (name, text) => {
      const file = join(path, name);
      writeFileSync(file, text);
      return file;
    },
    remove: () => rmSync(path, { recursive: true }),
  };
}
