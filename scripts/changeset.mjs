// Runs changesets, which wants Node 22 or later, with the root as one of the packages: it knows workspaces alone, and npm would
// link and build the root twice if it were one. After `version` the Python package and the chart have the version too, and CHANGELOG.md of
// the root is the only one. Usage: node scripts/changeset.mjs [add|status|version]
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const CHANGESETS = '@changesets/cli@3.0.3';
const root = resolve(import.meta.dirname, '..');
const path = join(root, 'package.json');
const PYTHON = join(root, 'packages/python/src/sylstream_client/version.py');
const CHART = join(root, 'deploy/helm/sylstream/Chart.yaml');

const { workspaces } = read();
const args = process.argv.slice(2);
write({ ...read(), workspaces: ['.', ...workspaces] });
let status;
try {
  const exec = ['exec', '--yes', `--package=${CHANGESETS}`, '--', 'changeset', ...args];
  ({ status } = spawnSync('npm', exec, { cwd: root, stdio: 'inherit' }));
} finally {
  write({ ...read(), workspaces });
}
if (status === 0 && args[0] === 'version') {
  for (const folder of workspaces) rmSync(join(root, folder, 'CHANGELOG.md'), { force: true });
  const { version } = read();
  change(PYTHON, /'.*'/, `'${version}'`);
  change(CHART, /(?<=^(?:appV|v)ersion: ).*$/gm, version);
  const lock = ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund'];
  execFileSync('npm', lock, { cwd: root, stdio: 'inherit' });
}
process.exitCode = status ?? 1;

function change(file, pattern, by) {
  writeFileSync(file, readFileSync(file, 'utf8').replace(pattern, by));
}

function read() {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function write(manifest) {
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
}
