import { existsSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

const requireAll = process.env['SYLSTREAM_REQUIRE'] === 'all';

/** Whether something that a test wants is here; says aloud what is missing, and with SYLSTREAM_REQUIRE=all fails instead. */
export function present(what: string, isHere: boolean): boolean {
  if (isHere) return true;
  if (requireAll) throw new Error(`SYLSTREAM_REQUIRE=all, but ${what} is not here`);
  console.warn(`SKIPPED: ${what} is not here`);
  return false;
}

/** A path beside the project, `../shared/<name>`, or undefined (said aloud) when it is absent. */
export function shared(name: string): string | undefined {
  const path = resolve(import.meta.dirname, '../../../shared', name);
  return present(`../shared/${name}`, existsSync(path)) ? path : undefined;
}

/** Whether a program can be run (`name --version` or `-version` or `-h` starts at all). */
export function program(name: string): boolean {
  let found = true;
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' });
  } catch {
    found = false;
  }
  return present(`the program ${name}`, found);
}
