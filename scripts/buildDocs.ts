// Builds the site of the documents into site/dist, or --out FOLDER; --base PATH is where it will lie on its host. Dead links fail.
// What it needs (VitePress, TypeDoc) lies in site/node_modules and is installed when it is not there. Usage: npm run build:docs
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { entryPoints } from './site/entryPoints.ts';
import { gather } from './site/gather.ts';

const root = resolve(import.meta.dirname, '..');
const site = join(root, 'site');
const { values } = parseArgs({
  options: { out: { type: 'string' }, base: { type: 'string', default: '/' } },
});
const run = (command: string, ...args: string[]): void => {
  execFileSync(command, args, { cwd: site, stdio: ['ignore', 'inherit', 'inherit'] });
};

if (!existsSync(join(site, 'node_modules'))) run('npm', 'ci', '--no-audit', '--no-fund');
gather(root, join(site, 'pages'));
const entries = Object.values(entryPoints(root)).map((source) => join(root, source));
run('node', 'node_modules/typedoc/bin/typedoc', '--options', 'typedoc.json', ...entries);
const out = resolve(values.out ?? join(site, 'dist'));
run(
  'node',
  'node_modules/vitepress/bin/vitepress.js',
  'build',
  '.',
  '--base',
  values.base,
  '--outDir',
  out,
);
