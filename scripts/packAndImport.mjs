// Packs the project as it would be published, installs the tarball into an empty project and uses it there: first as
// where only the npm registry can be reached, then as the one line says that the command prints. Every export is imported,
// the command runs, the bundle loads. Prints one line a step; exits non-zero on the first failure.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'sylstream-pack-'));
const run = (command, args, cwd = folder, env = {}) =>
  execFileSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });

try {
  const [{ filename, size, files }] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root),
  );
  console.log(`packed ${filename}: ${files.length} files, ${(size / 2 ** 20).toFixed(1)} MiB`);
  const strays = files
    .map(({ path }) => path)
    .filter((path) => /^(test|training|bench)\//.test(path));
  if (strays.length > 0)
    throw new Error(`the package must not hold ${strays.slice(0, 3).join(', ')}`);
  for (const needed of ['dist/web/index.html', 'dist/web/app.js', 'dist/web/licences.txt']) {
    if (!files.some(({ path }) => path === needed)) throw new Error(`the package lacks ${needed}`);
  }
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'user', private: true, type: 'module' }),
  );
  const install = (env) =>
    run(
      'npm',
      ['install', '--no-audit', '--no-fund', '--prefer-offline', `./${filename}`],
      folder,
      env,
    );
  const wav = join(root, 'test/fixtures/kathleen-a0002.wav');
  const tokenize = () =>
    spawnSync('npx', ['sylstream', 'tokenize', wav], { cwd: folder, encoding: 'utf8' });
  // The install step of onnxruntime-node obeys this proxy, npm does not; nobody listens there.
  install({ GLOBAL_AGENT_HTTPS_PROXY: 'http://127.0.0.1:9' });
  if (!existsSync(join(folder, 'node_modules/onnxruntime-node'))) {
    const { status, stderr } = tokenize();
    const isOneLine = /^SYLSTREAM_ERR_ENGINE .*ONNXRUNTIME_NODE_INSTALL=skip npm install[^\n]*\n$/;
    if (status !== 4 || !isOneLine.test(stderr))
      throw new Error(`expected one line that says what to do, got status ${status}: ${stderr}`);
    console.log('without its feed the package installs, and says what to do');
    install({ ONNXRUNTIME_NODE_INSTALL: 'skip' });
  }
  const { stdout, stderr } = tokenize();
  if (!stdout.startsWith('{"index":0,') || stderr !== '')
    throw new Error(`expected units and no word beside, got ${stdout}${stderr}`);
  writeFileSync(
    join(folder, 'use.mjs'),
    `const { speechUnits, loadModels, fromPcm } = await import('sylstream');
     const client = await import('sylstream/client');
     const server = await import('sylstream/server');
     if (Object.keys(client).length === 0 || Object.keys(server).length === 0) throw new Error('empty export');
     const { lastValueFrom, toArray } = await import('rxjs');
     const models = await loadModels({ workers: 1 });
     const events = await lastValueFrom(speechUnits(fromPcm(new Float32Array(32_000)), models).pipe(toArray()));
     await models.close();
     if (events.length === 0) throw new Error('no units of two seconds');
     console.log('two seconds of silence give ' + events.length + ' unit(s)');`,
  );
  process.stdout.write(run('node', ['use.mjs']));
  console.log(run('npx', ['sylstream', '--version']).trim(), 'installed and used from the tarball');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
