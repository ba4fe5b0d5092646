import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The versions that are tried; all from the registry. */
const PNPM = 'pnpm@10';
const YARN = '@yarnpkg/cli-dist@4';

/** What each package manager is called with; caches lie in the project, so that nothing of it stays. */
const MANAGERS = {
  npm: { install: () => ['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline'] },
  pnpm: {
    install: (folder) => [...exec(PNPM, 'pnpm'), 'install', '--store-dir', join(folder, 'store')],
  },
  // Not Plug'n'Play: there `require()` of an ES module does not find that module's imports, whoever wrote it.
  yarn: {
    install: () => [...exec(YARN, 'yarn'), 'install', '--no-immutable'],
    settings: `nodeLinker: node-modules\nenableGlobalCache: false\nenableScripts: false\nenableTelemetry: false\n`,
  },
};

/** The names that `createProject()` takes. */
export const MANAGER_NAMES = Object.keys(MANAGERS);

/** A program of a package that need not be installed. */
function exec(name, program) {
  return ['npm', 'exec', '--yes', `--package=${name}`, '--', program];
}

/** A fresh project in a folder that is there, with tarballs (paths by package) as its dependencies. */
export function createProject(folder, manager, tarballs) {
  const { install, settings } = MANAGERS[manager];
  const dependencies = Object.fromEntries(
    Object.entries(tarballs).map(([name, path]) => [name, `file:${path}`]),
  );
  if ('sylstream' in tarballs) dependencies.rxjs = '^7.8.2'; // the program's own import
  const manifest = { name: 'user', version: '1.0.0', private: true, type: 'module', dependencies };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  if (settings !== undefined) writeFileSync(join(folder, '.yarnrc.yml'), settings);
  return {
    folder,
    install: (env = {}) => {
      const [command, ...args] = install(folder);
      const quiet = { cwd: folder, env: { ...process.env, ...env }, encoding: 'utf8' };
      const { status, stdout, stderr } = spawnSync(command, args, quiet);
      if (status !== 0) throw new Error(`${manager} install: ${stdout}${stderr}`);
    },
    /** Writes a program, runs it, and returns what it prints. */
    run: (name, text, ...args) => {
      writeFileSync(join(folder, name), text);
      const quiet = { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
      return execFileSync('node', [name, ...args], quiet);
    },
    /** Writes a program and starts it; what it prints is in `stdout`, as text. */
    start: (name, text) => {
      writeFileSync(join(folder, name), text);
      const child = spawn('node', [name], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
      child.stdout.setEncoding('utf8');
      return child;
    },
  };
}
