// Compiles assembly/*.ts (AssemblyScript) into src/models/codebook/*Wasm.ts, each the module's bytes in base64. The same sources give the
// same bytes (a test says so), so the result is committed and nobody needs the compiler to build or use the package.
// Usage: node scripts/buildWasm.mjs [FOLDER], src/models/codebook by default
import { readdir, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import asc from 'assemblyscript/asc';

const root = resolve(import.meta.dirname, '..');
const out = resolve(process.argv[2] ?? join(root, 'src/models/codebook'));
const options = [
  ['--runtime', 'stub'],
  ['--optimizeLevel', '3'],
  ['--shrinkLevel', '0'],
  ['--enable', 'simd'],
  ['--importMemory'],
  ['--noExportMemory'],
  ['--noAssert'],
  ['--use', 'abort='],
].flat();

for (const file of await readdir(join(root, 'assembly'))) {
  if (!file.endsWith('.ts')) continue;
  const name = basename(file, '.ts');
  let bytes;
  const { error } = await asc.main(
    [file, '--baseDir', join(root, 'assembly'), '--outFile', 'module.wasm', ...options],
    {
      writeFile: (_path, contents) => {
        bytes = contents;
      },
    },
  );
  if (error) throw new Error(`assembly/${file}: ${error.message}`);
  await writeFile(
    join(out, `${name}Wasm.ts`),
    `// Compiled from assembly/${file} by \`npm run build:wasm\`: do not edit.\n\n/** The WebAssembly module, in base64. */\nexport const ${name.toUpperCase()}_WASM: string =\n  '${Buffer.from(bytes).toString('base64')}';\n`,
  );
}
