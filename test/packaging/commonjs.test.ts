import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build as esbuild } from 'esbuild';
import { build as vite } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build, userFolder, type UserFolder } from '../helpers/built.ts';

let folder: UserFolder;
beforeAll(() => {
  build();
  folder = userFolder();
}, 120_000);
afterAll(() => folder.remove());

const node = (...args: string[]): string =>
  execFileSync(process.execPath, args, { cwd: folder.path, encoding: 'utf8' });

/** Resamples a second at 48 kHz at once after loading: the WebAssembly is still on its way. */
const RESAMPLE = `
  const chunks = [{ samples: new Float32Array(30000).fill(0.5) }, { samples: new Float32Array(18000).fill(0.5) }];
  const counts = { samples: 0, frames: 0 };
  from(chunks)
    .pipe(resample({ sampleRate: 48000, channels: 1 }))
    .pipe(tap((chunk) => (counts.samples += chunk.samples.length)), logMel())
    .subscribe({ next: (block) => (counts.frames += block.frames), complete: () => console.log(JSON.stringify(counts)) });`;
const RESAMPLED = { samples: 16_000, frames: 98 };

describe('CommonJS', () => {
  it.each(['sylstream', 'sylstream/client', 'sylstream/server'])('requires %s', (name) => {
    const script = folder.write(
      'require.cjs',
      `console.log(Object.keys(require('${name}')).length);`,
    );
    expect(Number(node(script))).toBeGreaterThan(2);
  });

  it('has operators that wait for their WebAssembly', () => {
    const script = folder.write(
      'operators.cjs',
      `const { from, tap } = require('rxjs'); const { logMel, resample } = require('sylstream'); ${RESAMPLE}`,
    );
    expect(JSON.parse(node(script))).toEqual(RESAMPLED);
  });

  it('is what esbuild makes of a program with the package beside it', async () => {
    const entry = folder.write(
      'program.ts',
      `import { from, tap } from 'rxjs'; import { logMel, resample } from 'sylstream'; ${RESAMPLE}`,
    );
    const outfile = join(folder.path, 'program.cjs');
    const external = ['sylstream'];
    await esbuild({
      entryPoints: [entry],
      outfile,
      bundle: true,
      format: 'cjs',
      platform: 'node',
      external,
    });
    expect(JSON.parse(node(outfile))).toEqual(RESAMPLED);
  });

  it('is what esbuild makes of the whole client, in one file', async () => {
    const entry = folder.write(
      'client.ts',
      `import { openStream } from 'sylstream/client';
       const stream = openStream('ws://127.0.0.1:9/v1/stream', { sampleRate: 16_000 });
       stream.close();
       console.log(typeof stream.write);`,
    );
    const outfile = join(folder.path, 'client.cjs');
    const { warnings } = await esbuild({
      entryPoints: [entry],
      outfile,
      bundle: true,
      format: 'cjs',
      platform: 'node',
      logLevel: 'silent',
    });
    expect(warnings).toEqual([]);
    expect(node(outfile)).toBe('function\n');
  });

  it('has no module with a top-level await on the way to its exports', async () => {
    const { resolve } = createRequire(join(folder.path, 'x.cjs'));
    const entryPoints = ['sylstream', 'sylstream/client', 'sylstream/server'].map((name) =>
      resolve(name),
    );
    const result = await esbuild({
      entryPoints,
      outdir: join(folder.path, 'whole'),
      bundle: true,
      format: 'cjs',
      platform: 'node',
      external: ['onnxruntime-node'],
      logLevel: 'silent',
    });
    expect(result.errors).toEqual([]);
  });
});

describe('Vite', () => {
  it('bundles the client for a browser, without a word of Node', async () => {
    folder.write('index.html', '<script type="module" src="/page.ts"></script>');
    folder.write(
      'page.ts',
      `import { openStream } from 'sylstream/client';
       openStream('ws://' + location.host + '/v1/stream', { sampleRate: 48_000 }).units$.subscribe(console.log);`,
    );
    const said: string[] = [];
    const say = (message: string): void => void said.push(message);
    const result = await vite({
      root: folder.path,
      configFile: false,
      build: { write: false },
      customLogger: {
        info: () => undefined,
        warn: say,
        warnOnce: say,
        error: say,
        clearScreen: () => undefined,
        hasErrorLogged: () => false,
        hasWarned: false,
      },
    });
    const { output } = Array.isArray(result)
      ? result[0]
      : (result as Exclude<typeof result, unknown[]> & { output: [] });
    const code = output.map((file: { code?: string }) => file.code ?? '').join('');
    expect(said).toEqual([]);
    expect(code).toContain('/v1/stream');
    expect(code).not.toMatch(/__vite-browser-external|from"node:|require\("/);
  });
});
