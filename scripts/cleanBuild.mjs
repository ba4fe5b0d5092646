// Removes from dist what no source gives any more, so that it is not packed; the page has a builder of its own, which
// empties its folder. Nothing that is still built is gone for a moment: tests may run beside. Usage: node scripts/cleanBuild.mjs [FOLDER]
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const out = resolve(process.argv[2] ?? join(root, 'dist'));
const built = /(?:\.d\.ts|\.js)(?:\.map)?$/;

function clean(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const place = relative(out, path);
    if (place === 'web') continue;
    if (entry.isDirectory()) clean(path);
    else if (!built.test(place) || !existsSync(join(root, place.replace(built, '.ts'))))
      rmSync(path);
  }
  if (folder !== out && readdirSync(folder).length === 0) rmdirSync(folder);
}

if (existsSync(out)) clean(out);
