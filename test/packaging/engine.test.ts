import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build as esbuild } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../helpers/built.ts';
import { TINY } from '../helpers/bundles.ts';
import type { CliResult } from '../helpers/cli.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const WAV = join(ROOT, 'test/fixtures/kathleen-a0002.wav');
const ENGINE = 'onnxruntime-node';

let copies: string;
beforeAll(() => {
  build();
  copies = mkdtempSync(join(tmpdir(), 'sylstream-copies-'));
  // As npm leaves it when an optional package cannot be installed, and as a system without that C library sees it.
  copy('absent');
  const engine = join(copy('unloadable'), 'node_modules', ENGINE);
  cpSync(join(ROOT, 'node_modules', ENGINE), engine, {
    recursive: true,
    filter: (path) => !/libonnxruntime|\.dylib$|\.dll$/.test(path),
  });
}, 120_000);
afterAll(() => rmSync(copies, { recursive: true }));

/** The built project with every package but the engine. */
function copy(name: string): string {
  const to = join(copies, name);
  mkdirSync(join(to, 'node_modules'), { recursive: true });
  for (const part of ['bin', 'dist', 'package.json']) {
    cpSync(join(ROOT, part), join(to, part), { recursive: true });
  }
  for (const part of ['models', 'docs']) symlinkSync(join(ROOT, part), join(to, part));
  for (const module of readdirSync(join(ROOT, 'node_modules'))) {
    if (module === ENGINE) continue;
    symlinkSync(join(ROOT, 'node_modules', module), join(to, 'node_modules', module));
  }
  return to;
}

function node(cwd: string, ...args: string[]): Promise<CliResult> {
  return new Promise((done) => {
    const child = execFile(process.execPath, args, { cwd }, (_, stdout, stderr) =>
      done({ status: child.exitCode, signal: child.signalCode, stdout, stderr }),
    );
  });
}

describe.each(['absent', 'unloadable'])('with an engine that is %s', (name) => {
  const run = (...args: string[]): Promise<CliResult> =>
    node(join(copies, name), 'bin/sylstream.js', ...args);

  it.each([[['--help']], [['--version']], [['tokenize', '--help']]])('%s answers', async (args) => {
    const { status, stderr } = await run(...args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('doctor says so and ends with status 4', async () => {
    const { status, stdout, stderr } = await run('doctor', '--bundle', TINY);
    expect({ status, stderr }).toEqual({ status: 4, stderr: '' });
    expect(stdout).toMatch(/^\[ ok \] node /m);
    expect(stdout).toMatch(
      /^\[FAIL\] onnxruntime-node +SYLSTREAM_ERR_ENGINE expected .* to load on /m,
    );
    expect(stdout).toMatch(/^\[FAIL\] provider cpu +SYLSTREAM_ERR_ENGINE/m);
  });

  it.each(['tokenize', 'score'])(
    '%s says so in one line and ends with status 4',
    async (command) => {
      const { status, stdout, stderr } = await run(command, WAV, '--bundle', TINY);
      expect({ status, stdout }).toEqual({ status: 4, stdout: '' });
      expect(stderr).toMatch(
        /^SYLSTREAM_ERR_ENGINE [^\n]*ONNXRUNTIME_NODE_INSTALL=skip npm install[^\n]*\n$/,
      );
    },
  );

  it('the library is imported, and loadModels() rejects', async () => {
    const script = `import('sylstream').then(({ loadModels }) => loadModels()).catch((e) => console.log(e.code))`;
    const { stdout, stderr } = await node(join(copies, name), '-e', script);
    expect({ stdout, stderr }).toEqual({ stdout: 'SYLSTREAM_ERR_ENGINE\n', stderr: '' });
  });
});

describe('with an engine', () => {
  it('does not load it as the library is imported', async () => {
    const script = `Promise.all(['sylstream', 'sylstream/client', 'sylstream/server'].map((name) => import(name))).then(() => {
      process.report.excludeNetwork = true;
      console.log(process.report.getReport().sharedObjects.filter((path) => /onnxruntime/.test(path)).length);
    })`;
    const { stdout } = await node(ROOT, '-e', script);
    expect(stdout).toBe('0\n');
  });

  it('is imported by importEngine() alone: no entry and no thread reaches it by static imports', async () => {
    const sources = ['src', 'server'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        join(folder, file),
      ),
    );
    const threads = sources.filter(
      (file) =>
        file.endsWith('.ts') && /\bparentPort\b/.test(readFileSync(join(ROOT, file), 'utf8')),
    );
    expect(threads).toContain('src/models/worker.ts');
    const exported = ['src/index.ts', 'src/client/index.ts', 'server/index.ts', 'bin/main.ts'];
    const entryPoints = [...exported, ...threads];
    const { metafile } = await esbuild({
      entryPoints,
      absWorkingDir: ROOT,
      bundle: true,
      write: false,
      outdir: 'artifacts',
      metafile: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      logLevel: 'silent',
    });
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const { path, kind } of metafile.inputs[file]?.imports ?? []) {
        if (kind === 'import-statement') visit(path);
      }
    };
    entryPoints.forEach(visit);
    expect(reached.size).toBeGreaterThan(100);
    // Its types and tensors are JavaScript alone.
    expect([...reached].filter((file) => /onnx/.test(file))).toEqual(['onnxruntime-common']);
  });
});
