import { cp, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What a page loads of a bundle: one precision, nothing that speaks. */
const WANTED =
  /^((config|units|lm\/config)\.json|codebook\.safetensors|(onnx|lm)\/step_int8\.onnx|README\.md)$/;

/** Copies a bundle as a page loads it: its whole manifest, so that it is the same bundle by its hash, and the files of `int8`. */
export async function copyPageBundle(bundle, to) {
  const manifest = JSON.parse(await readFile(join(bundle, 'manifest.json'), 'utf8'));
  const wanted = Object.keys(manifest.files).filter((path) => WANTED.test(path));
  for (const path of ['manifest.json', ...wanted]) {
    await mkdir(dirname(join(to, path)), { recursive: true });
    await cp(join(bundle, path), join(to, path));
  }
}
