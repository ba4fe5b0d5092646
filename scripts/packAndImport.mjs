// Packs every package as it would be published, installs the tarballs into fresh projects and uses them there, from ES
// modules and from CommonJS: the library with its command and bundle, the client against that server and without anything
// native, the browser's package in Node and through a bundler. With npm first as where only its registry can be reached, then
// as the one line says that the command prints. Prints one line a step; exits non-zero on the first failure.
// Usage: node scripts/packAndImport.mjs [npm|pnpm|yarn …]      (npm where none is named)
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { lintPackage } from './packed/lintPackage.mjs';
import { createProject, MANAGER_NAMES } from './packed/managers.mjs';
import { packAll } from './packed/packAll.mjs';
import { PROGRAMS, SERVER } from './packed/programs.mjs';

const root = resolve(import.meta.dirname, '..');
const wav = join(root, 'test/fixtures/kathleen-a0002.wav');
const managers = process.argv.length > 2 ? process.argv.slice(2) : ['npm'];
const strange = managers.filter((name) => !MANAGER_NAMES.includes(name));
if (strange.length > 0) throw new Error(`expected ${MANAGER_NAMES}, got ${strange}`);
const folder = mkdtempSync(join(tmpdir(), 'sylstream-pack-'));

try {
  const tarballs = packAll(folder);
  if (managers.includes('npm')) {
    for (const [name, file] of Object.entries(tarballs)) {
      const place = name === 'sylstream' ? '.' : name.replace('@sylstream', 'packages');
      const manifest = JSON.parse(readFileSync(join(root, place, 'package.json'), 'utf8'));
      await lintPackage(join(folder, file), manifest);
    }
  }
  for (const manager of managers) {
    console.log(`${manager}, Node ${process.version}`);
    const project = (...names) => {
      const path = join(folder, manager, names.length === 1 ? names[0].replace('/', '-') : 'all');
      mkdirSync(path, { recursive: true });
      const paths = names.map((name) => [name, join(folder, tarballs[name])]);
      return createProject(path, manager, Object.fromEntries(paths));
    };
    const library = project('sylstream');
    if (manager === 'npm') installByNpm(library);
    else library.install();
    use(library, 'sylstream');
    const server = await serve(library);
    try {
      const client = project('@sylstream/client');
      client.install();
      if (manager === 'npm') checkNothingNative(client.folder);
      use(client, '@sylstream/client', server.url);
    } finally {
      server.stop();
    }
    const browser = project('@sylstream/browser');
    browser.install();
    use(browser, '@sylstream/browser');
    if (manager === 'npm') await bundle(browser.folder);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function use(project, name, ...args) {
  for (const [file, text] of Object.entries(PROGRAMS[name])) {
    process.stdout.write(`${name}, ${file}: ${project.run(file, text, ...args)}`);
  }
}

function tokenize(project) {
  const args = ['sylstream', 'tokenize', wav];
  return spawnSync('npx', args, { cwd: project.folder, encoding: 'utf8' });
}

/** The install step of onnxruntime-node obeys this proxy, npm does not; nobody listens there. */
function installByNpm(project) {
  project.install({ GLOBAL_AGENT_HTTPS_PROXY: 'http://127.0.0.1:9' });
  if (!existsSync(join(project.folder, 'node_modules/onnxruntime-node'))) {
    const { status, stderr } = tokenize(project);
    const isOneLine = /^SYLSTREAM_ERR_ENGINE .*ONNXRUNTIME_NODE_INSTALL=skip npm install[^\n]*\n$/;
    if (status !== 4 || !isOneLine.test(stderr))
      throw new Error(`expected one line that says what to do, got status ${status}: ${stderr}`);
    console.log('without its feed the package installs, and says what to do');
    project.install({ ONNXRUNTIME_NODE_INSTALL: 'skip' });
  }
  const { stdout, stderr } = tokenize(project);
  if (!stdout.startsWith('{"index":0,') || stderr !== '')
    throw new Error(`expected units and no word beside, got ${stdout}${stderr}`);
}

/** A server of the installed package, once it listens: its address, and what ends it. */
async function serve(project) {
  const child = project.start('serve.mjs', SERVER);
  let said = '';
  for await (const text of child.stdout) {
    said += text;
    if (said.includes('\n')) break;
  }
  return { url: said.split('\n')[0], stop: () => child.kill() };
}

/** Throws for binaries and for install scripts in what came with a package. */
function checkNothingNative(path) {
  const modules = join(path, 'node_modules');
  const files = readdirSync(modules, { recursive: true, encoding: 'utf8' });
  const native = files.filter((file) => /\.(node|so|dll|dylib)$|binding\.gyp$/.test(file));
  const lock = JSON.parse(readFileSync(join(path, 'package-lock.json'), 'utf8'));
  const scripted = Object.keys(lock.packages).filter((one) => lock.packages[one].hasInstallScript);
  if (native.length + scripted.length > 0)
    throw new Error(`expected nothing native, found ${[...native, ...scripted]}`);
  console.log(`nothing native in ${Object.keys(lock.packages).length - 1} packages`);
}

/** Bundles the page's and the worker's side for a browser. */
async function bundle(path) {
  for (const name of ['@sylstream/browser', '@sylstream/browser/worker']) {
    const { outputFiles } = await build({
      stdin: { contents: `export * from '${name}';`, resolveDir: path },
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      conditions: ['module', 'onnxruntime-web-use-extern-wasm'],
      external: ['module'],
      logLevel: 'warning',
    });
    console.log(`${name} in one file: ${(outputFiles[0].text.length / 1024).toFixed(0)} KiB`);
  }
}
