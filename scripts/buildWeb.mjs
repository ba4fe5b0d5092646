// Bundles the page into dist/web: two scripts (the page and its AudioWorklet), the WebAssembly that they load,
// a sample recording, and web's HTML and CSS as they are. Usage: node scripts/buildWeb.mjs [FOLDER]
import { cp, mkdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const out = resolve(process.argv[2] ?? join(root, 'dist/web'));
const { resolve: find } = createRequire(import.meta.url);

/** Both packages look for their WebAssembly beside the script that holds them (`new URL(name, import.meta.url)`). */
const wasm = [
  join(dirname(find('@echogarden/pffft-wasm/simd')), 'pffft.wasm'),
  join(dirname(find('@echogarden/speex-resampler-wasm/simd')), 'speex-resampler-simd.wasm'),
];

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  entryPoints: {
    app: join(root, 'web/main.ts'),
    captureProcessor: join(root, 'web/audio/captureProcessor.ts'),
  },
  outdir: out,
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  minify: true,
  sourcemap: true,
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
