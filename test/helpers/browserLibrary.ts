import { cpSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { build as buildPackages } from './built.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const { resolve: find } = createRequire(import.meta.url);

/** What the library's packages load beside the script that holds them. */
const BESIDE = [
  join(dirname(find('@echogarden/pffft-wasm/simd')), 'pffft.wasm'),
  join(dirname(find('@echogarden/speex-resampler-wasm/simd')), 'speex-resampler-simd.wasm'),
  find('onnxruntime-web/ort-wasm-simd-threaded.mjs'),
  find('onnxruntime-web/ort-wasm-simd-threaded.wasm'),
  join(ROOT, 'test/browser/blank.html'),
];

/** As a user's bundler does it: what needs Node would not be found. The runtime stays in files of its own. */
const BUNDLING: BuildOptions = {
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  minify: true,
  conditions: ['module', 'onnxruntime-web-use-extern-wasm'],
  external: ['module'], // what the WebAssembly packages import under Node only
  logLevel: 'error',
};

/** Writes a page with the package `@sylstream/browser`, built, and RxJS in its global scope, `worker.js`, and `models/NAME` for each of the bundles. */
export async function buildLibrary(
  folder: string,
  bundles: Readonly<Record<string, string>>,
): Promise<void> {
  buildPackages();
  // Its path, not its name: esbuild would follow tsconfig.json to the source.
  const lib = JSON.stringify(find('@sylstream/browser'));
  const contents = `import * as lib from ${lib}; import * as rxjs from 'rxjs'; Object.assign(globalThis, { lib, rxjs });`;
  await build({
    stdin: { contents, resolveDir: ROOT, sourcefile: 'lib.ts', loader: 'ts' },
    outfile: join(folder, 'lib.js'),
    ...BUNDLING,
  });
  await build({
    entryPoints: [find('@sylstream/browser/worker')],
    outfile: join(folder, 'worker.js'),
    ...BUNDLING,
  });
  for (const file of BESIDE) cpSync(file, join(folder, basename(file)));
  for (const [name, from] of Object.entries(bundles)) {
    cpSync(from, join(folder, 'models', name), { recursive: true });
  }
}
