// Builds what packages/* publish, after tsc: each entry (packages/NAME/*.ts) becomes one module in packages/NAME/dist, its
// declarations go with it, and what a manifest lists as devDependencies goes in with its licence. Whatever else is imported
// has to be a dependency, and every dependency has to be imported. Usage: node scripts/buildPackages.mjs
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { copyPageBundle } from './copyPageBundle.mjs';
import { copyDeclarations } from './copyDeclarations.mjs';
import { bundledPackages, licencesOf } from './licences.mjs';

const root = resolve(import.meta.dirname, '..');
const built = join(root, 'dist');
if (!existsSync(join(built, 'packages')))
  throw new Error('expected declarations in dist/packages, found none; npm run build makes them');

for (const name of await readdir(join(root, 'packages'))) {
  const folder = join(root, 'packages', name);
  if (existsSync(join(folder, 'package.json'))) await buildPackage(folder, name);
}
await rm(join(root, 'packages/browser/model'), { recursive: true, force: true });
await copyPageBundle(join(root, 'models/small'), join(root, 'packages/browser/model'));

async function buildPackage(folder, name) {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const entries = (await readdir(folder)).filter((file) => file.endsWith('.ts'));
  const out = join(folder, 'dist');
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const { metafile, warnings } = await build({
    // Of what tsc wrote: manifest.sideEffects of the root speaks of those files.
    entryPoints: entries.map((file) => join(built, 'packages', name, file.replace(/\.ts$/, '.js'))),
    absWorkingDir: root,
    outdir: out,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    charset: 'utf8',
    sourcemap: true,
    external: Object.keys(manifest.dependencies ?? {}),
    metafile: true,
    logLevel: 'warning',
  });
  if (warnings.length > 0) throw new Error(`${manifest.name} is not what it should be`);
  const inside = bundledPackages(metafile);
  if (inside.length > 0) await writeFile(join(out, 'licences.txt'), await licencesOf(inside));
  const typeImports = await copyDeclarations({
    entries: entries.map((file) => join('packages', name, file.replace(/\.ts$/, '.d.ts'))),
    from: built,
    to: join(out, 'types'),
  });
  await checkDependencies(manifest, { metafile, inside, typeImports });
}

/** Throws where a manifest and what is imported differ. */
async function checkDependencies(manifest, { metafile, inside, typeImports }) {
  const { name, dependencies = {}, devDependencies = {} } = manifest;
  const sources = Object.keys(metafile.inputs).filter((path) => !path.includes('node_modules/'));
  const texts = await Promise.all(sources.map((path) => readFile(join(root, path), 'utf8')));
  // Some names are in constants, so that no bundler follows them: what counts is that the source says the name.
  const isSaid = (one) => texts.some((text) => new RegExp(`'${one}(/[^']*)?'`).test(text));
  const idle = Object.keys(dependencies).filter((one) => !isSaid(one));
  const bundled = inside.map((path) => path.replace(/^.*node_modules\//, ''));
  const strangers = [
    ...bundled.filter((one) => !(one in devDependencies)),
    ...typeImports.filter((one) => !(one in dependencies)),
  ];
  if (idle.length > 0) throw new Error(`${name} depends on ${idle} and imports it nowhere`);
  if (strangers.length > 0)
    throw new Error(`${name} imports ${strangers}, which its manifest does not list`);
}
