// Part of `prepare`. onnxruntime-node is an optional dependency because its install step fetches CUDA files from a feed of
// its own: where that feed cannot be reached, npm leaves the package out instead of failing. The files are not needed, so
// here, in a clone, it is put in without its step. Prints nothing; does nothing where it is.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
if (!existsSync(join(root, 'node_modules/onnxruntime-node/package.json'))) {
  const args = [
    'install',
    '--no-save',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
  ];
  const npm = process.env.npm_execpath;
  const [command, before] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  execFileSync(command, [...before, ...args], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
