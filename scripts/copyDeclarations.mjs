import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A module's name in what tsc writes: `from '…'`, `import '…'`, `import('…')`. */
const IMPORTS = /((?:\bfrom|\bimport)\s*\(?\s*['"])([^'"]+)(['"])/g;

/**
 * Copies declarations and all that they import, on the same paths, and ends relative imports with `.js`.
 *
 * @param entries declarations, relative to `from`
 * @returns the names of the packages that are imported, without what is behind a name
 */
export async function copyDeclarations({ entries, from, to }) {
  const packages = new Set();
  const waiting = [...entries];
  const copied = new Set();
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (copied.has(path)) continue;
    copied.add(path);
    const text = await readFile(join(from, path), 'utf8');
    const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '');
    for (const [, , name] of code.matchAll(IMPORTS)) {
      if (name.startsWith('.')) waiting.push(declarationOf(from, path, name));
      else packages.add(/^(?:@[^/]+\/)?[^/]+/.exec(name)[0]);
    }
    const target = join(to, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text.replaceAll(IMPORTS, withJs));
  }
  return [...packages].sort((a, b) => (a < b ? -1 : 1));
}

function declarationOf(from, importer, name) {
  const path = join(dirname(importer), name.replace(/\.[jt]s$/, '.d.ts'));
  if (!existsSync(join(from, path)))
    throw new Error(`${importer} imports ${name}, which has no declaration`);
  return path;
}

const withJs = (whole, before, name, after) =>
  name.startsWith('.') ? `${before}${name.replace(/\.ts$/, '.js')}${after}` : whole;
