// Publishes every package of npm whose version the registry does not have, built before. For .github/workflows/release.yml,
// which has the right to say who built it (provenance). Usage: node scripts/publish.mjs [OPTION of npm publish …]
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const read = (folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));

for (const folder of ['.', ...read('.').workspaces]) {
  const { name, version } = read(folder);
  const { status, stdout } = spawnSync('npm', ['view', `${name}@${version}`, 'version'], {
    encoding: 'utf8',
  });
  if (status === 0 && stdout.trim() === version) {
    console.log(`${name}@${version} is there`);
    continue;
  }
  const args = ['publish', '--access', 'public', '--ignore-scripts', ...process.argv.slice(2)];
  execFileSync('npm', args, { cwd: join(root, folder), stdio: 'inherit' });
}
