import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bundle } from '../bundle/bundle.ts';
import type { Codebook } from './codebook.ts';
import { CODEBOOK, parseCodebook } from './parseCodebook.ts';

/**
 * Reads `codebook.safetensors` and checks its shapes against `config.json`.
 *
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_FORMAT` or `SYLSTREAM_ERR_BUNDLE_SHAPE` where it is not what `docs/bundle.md` says
 */
export async function readCodebook(bundle: Bundle): Promise<Codebook> {
  return parseCodebook(bundle, await readFile(join(bundle.directory, CODEBOOK)));
}
