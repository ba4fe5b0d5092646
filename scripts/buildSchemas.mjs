// Compiles docs/schema/*.schema.json into src/models/bundle/schemaChecks.ts: one function a schema, by Ajv, which nobody then needs to read a
// bundle. The same schemas give the same text (a test says so), so it is committed.
// Usage: node scripts/buildSchemas.mjs [FOLDER], src/models/bundle by default
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import { build } from 'esbuild';

const HEAD = `// @ts-nocheck
// Compiled from docs/schema by \`npm run build:schemas\`: do not edit. With functions of ajv and fast-deep-equal
// (MIT, Copyright (c) 2015-2021 and 2017 Evgeny Poberezkin).
`;

const root = resolve(import.meta.dirname, '..');
const out = resolve(process.argv[2] ?? join(root, 'src/models/bundle'));
const folder = join(root, 'docs/schema');
const ajv = new Ajv2020({ strict: false, code: { source: true, esm: true } });
const names = [];
for (const file of (await readdir(folder)).sort()) {
  const name = file.replace('.schema.json', '');
  ajv.addSchema(JSON.parse(await readFile(join(folder, file), 'utf8')), name);
  names.push(name);
}
const code = standalone.default(ajv, Object.fromEntries(names.map((name) => [name, name])));
// With the few functions of Ajv's own that the code asks for.
const bundled = await build({
  stdin: { contents: code, resolveDir: root, loader: 'js' },
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  minify: true,
  write: false,
});
await writeFile(join(out, 'schemaChecks.ts'), HEAD + bundled.outputFiles[0].text);
