import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
/** What each package has to hold beside its manifest. */
const NEEDED = {
  sylstream: ['dist/web/index.html', 'dist/web/app.js', 'dist/web/licences.txt', 'LICENSE'],
  '@sylstream/client': ['dist/index.js', 'dist/licences.txt', 'LICENSE', 'README.md'],
  '@sylstream/browser': ['dist/worker.js', 'model/manifest.json', 'LICENSE', 'README.md'],
};

/** Packs every package, built before, into a folder. Returns each tarball's name by its package's; throws for what is not to be in one. */
export function packAll(folder) {
  const text = execFileSync(
    'npm',
    [
      'pack',
      '--json',
      '--ignore-scripts',
      '--workspaces',
      '--include-workspace-root',
      '--pack-destination',
      folder,
    ],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const said = JSON.parse(text);
  // npm 12 gives a map by name, npm before a list.
  const packed = Array.isArray(said) ? said : Object.values(said);
  for (const { name, filename, size, files } of packed) {
    const paths = files.map(({ path }) => path);
    console.log(`packed ${filename}: ${files.length} files, ${(size / 2 ** 20).toFixed(1)} MiB`);
    const strays = paths.filter((path) =>
      /^(test|training|bench|packages|dist\/packages)\//.test(path),
    );
    if (strays.length > 0)
      throw new Error(`${name} must not hold ${strays.slice(0, 3).join(', ')}`);
    for (const path of NEEDED[name]) {
      if (!paths.includes(path)) throw new Error(`${name} lacks ${path}`);
    }
  }
  return Object.fromEntries(packed.map(({ name, filename }) => [name, filename]));
}
