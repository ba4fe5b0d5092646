// Writes a folder that any static host serves, from any subpath: the page that cuts on the device alone, its runtime, the bundle
// without what speaks, a service worker for flight mode, and a web manifest. Usage: node scripts/buildSite.mjs [FOLDER] [BUNDLE]
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { copyPageBundle } from './copyPageBundle.mjs';

const root = resolve(import.meta.dirname, '..');
const out = resolve(process.argv[2] ?? join(root, 'build/site'));
const bundle = resolve(process.argv[3] ?? join(root, 'models/small'));

/** The page's own policy (server/http/http.ts), without a server to talk to. */
const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data: blob:; " +
  "style-src 'self' 'unsafe-inline'; media-src 'self' blob:";
const WEB_MANIFEST = {
  name: 'sylstream: speech units, live',
  short_name: 'sylstream',
  description: 'Speech in, syllable-like units out, on this device.',
  start_url: './',
  scope: './',
  display: 'standalone',
  background_color: '#0b0d12',
  theme_color: '#0b0d12',
  icons: [{ src: 'icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' }],
};

execFileSync(process.execPath, [join(root, 'scripts/buildWeb.mjs'), out], { stdio: 'inherit' });

const page = await readFile(join(out, 'index.html'), 'utf8');
const head = `<meta charset="utf-8" />
    <meta http-equiv="content-security-policy" content="${POLICY}" />
    <meta name="theme-color" content="${WEB_MANIFEST.theme_color}" />
    <link rel="manifest" href="site.webmanifest" />`;
await writeFile(
  join(out, 'index.html'),
  page
    .replace('<html lang="en">', '<html lang="en" data-site>')
    .replace('<meta charset="utf-8" />', head),
);
await writeFile(join(out, 'site.webmanifest'), `${JSON.stringify(WEB_MANIFEST, null, 2)}\n`);

await copyPageBundle(bundle, join(out, 'models/small'));

const all = await readdir(out, { recursive: true, withFileTypes: true });
const files = all
  .filter((entry) => entry.isFile())
  .map((entry) => relative(out, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
  .filter((path) => !path.startsWith('models/') && path !== 'serviceWorker.js')
  .sort();
const hash = createHash('sha256');
for (const path of files) hash.update(path).update(await readFile(join(out, path)));
await build({
  entryPoints: [join(root, 'web/serviceWorker.ts')],
  outfile: join(out, 'serviceWorker.js'),
  bundle: true,
  format: 'iife',
  target: 'es2022',
  minify: true,
  define: {
    SITE_FILES: JSON.stringify(files),
    SITE_HASH: JSON.stringify(hash.digest('hex').slice(0, 16)),
  },
  logLevel: 'warning',
});
