// Bundles the page into dist/web: three scripts (the page and its AudioWorklets), the WebAssembly that they load, a sample
// recording, web's HTML and CSS as they are, and the licences of the packages that are in the bundle. Usage: node scripts/buildWeb.mjs [FOLDER]
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { bundledPackages, licencesOf } from './licences.mjs';

const root = resolve(import.meta.dirname, '..');
const out = resolve(process.argv[2] ?? join(root, 'dist/web'));
const { resolve: find } = createRequire(import.meta.url);

/** The packages look for their WebAssembly beside the script that holds them (`new URL(name, import.meta.url)`). */
const wasm = [
  join(dirname(find('@echogarden/pffft-wasm/simd')), 'pffft.wasm'),
  join(dirname(find('@echogarden/speex-resampler-wasm/simd')), 'speex-resampler-simd.wasm'),
  find('onnxruntime-web/ort-wasm-simd-threaded.mjs'),
  find('onnxruntime-web/ort-wasm-simd-threaded.wasm'),
];

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const { metafile } = await build({
  entryPoints: {
    app: join(root, 'web/main.ts'),
    captureProcessor: join(root, 'src/browser/captureProcessor.ts'),
    modelWorker: join(root, 'src/browser/worker.ts'),
    playbackProcessor: join(root, 'web/audio/playbackProcessor.ts'),
  },
  outdir: out,
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  minify: true,
  metafile: true,
  // The runtime stays in files of its own, which its threads load again.
  conditions: ['module', 'onnxruntime-web-use-extern-wasm'],
  // What the WebAssembly packages import under Node only.
  external: ['module'],
  logLevel: 'warning',
});
const files = ['index.html', 'style.css', 'icon.svg'].map((name) => join(root, 'web', name));
await Promise.all(
  [...files, ...wasm].map((file) => cp(file, join(out, file.slice(dirname(file).length + 1)))),
);
// Public domain (CC0), test/fixtures/README.md.
await cp(join(root, 'test/fixtures/kathleen-a0002.wav'), join(out, 'sample.wav'));

await writeFile(join(out, 'licences.txt'), await licencesOf(bundledPackages(metafile)));
