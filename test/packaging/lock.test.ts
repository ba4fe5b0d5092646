import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');

/** An installed package in package-lock.json. */
interface Locked {
  readonly libc?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Locked>;
};

/** Says whether a package is in the lock where Node would find it from `from`. */
function isLocked(name: string, from: string): boolean {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (`${at === '' ? '' : `${at}/`}node_modules/${name}` in lock.packages) return true;
    if (at === '') return false;
  }
}

describe('package-lock.json is left as it is by npm install', () => {
  it('of npm 10, which strikes the field libc out', () => {
    const withLibc = Object.entries(lock.packages).filter(([, { libc }]) => libc !== undefined);
    expect(withLibc.map(([path]) => path)).toEqual([]);
  });

  it('of npm 11, which adds packages of other systems that are not in it', () => {
    const absent = Object.entries(lock.packages).flatMap(([path, entry]) =>
      Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
        .filter((name) => !isLocked(name, path))
        .map((name) => `${name} of ${path}`),
    );
    expect(absent).toEqual([]);
  });

  it('and .npmrc, about whose settings npm warns on every call, is not there', () => {
    expect(existsSync(join(ROOT, '.npmrc'))).toBe(false);
  });
});
