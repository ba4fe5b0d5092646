// The licences of packages whose code is bundled into ours.
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** The folders of the packages whose code went into a bundle, from what esbuild says of it. */
export function bundledPackages(metafile) {
  const folders = Object.keys(metafile.inputs).flatMap((path) => {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
    return found === null ? [] : [found[1]];
  });
  return [...new Set(folders)].sort();
}

/** Name and licence of each package, one text; throws for a package without a licence. */
export async function licencesOf(folders) {
  const texts = await Promise.all(
    folders.map(async (folder) => {
      const name = (await readdir(folder)).find((file) => /^(licen[cs]e|copying)/i.test(file));
      const text =
        name === undefined ? await mitOf(folder) : await readFile(join(folder, name), 'utf8');
      return `${folder.replace(/.*node_modules\//, '')}\n\n${text}`;
    }),
  );
  return texts.join(`\n${'-'.repeat(80)}\n`);
}

/** ONNX Runtime's packages name their licence and hold no text of it; its header is that of their sources. */
async function mitOf(folder) {
  const { license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  if (license !== 'MIT' || !/onnxruntime-(web|common)$/.test(folder))
    throw new Error(`expected a licence file in ${folder}, found none`);
  const mit = await readFile(join(root, 'scripts/mit.txt'), 'utf8');
  return `Copyright (c) Microsoft Corporation\nNotices of what its WebAssembly is made of: https://github.com/microsoft/onnxruntime/blob/main/ThirdPartyNotices.txt\n\n${mit}`;
}
