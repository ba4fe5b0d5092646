// Compiles assembly/*.ts (AssemblyScript), each into *Wasm.ts in the folder that uses it: the module's bytes in base64. The same
// sources give the same bytes (a test says so), so the result is committed and nobody needs the compiler to build or use the package.
// Usage: node scripts/buildWasm.mjs [ROOT], the project's root by default
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import asc from 'assemblyscript/asc';

const root = resolve(import.meta.dirname, '..');
const out = resolve(process.argv[2] ?? root);
/** Where each module is used. */
const folders = { mel: 'src/mel', naming: 'src/models/codebook' };
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
  if (!(name in folders)) throw new Error(`assembly/${file}: say in buildWasm.mjs who uses it`);
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
  const folder = join(out, folders[name]);
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, `${name}Wasm.ts`),
    `// Compiled from assembly/${file} by \`npm run build:wasm\`: do not edit.\n\n/** The WebAssembly module, in base64. */\nexport const ${name.toUpperCase()}_WASM: string =\n  '${Buffer.from(bytes).toString('base64')}';\n`,
  );
}
