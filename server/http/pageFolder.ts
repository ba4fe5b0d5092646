import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { PipelineError } from '../../src/core/errors.ts';
import { packageRoot } from '../../src/core/packageRoot.ts';
import { reasonOf } from '../settings/configFile.ts';

/**
 * The folder of the page by the setting `web`; undefined for `none`. Throws `SYLSTREAM_ERR_CONFIG` when a folder that was
 * named has no `index.html` to read; the package's own may be absent, in a checkout that was not built.
 */
export function pageFolder(web: string): string | undefined {
  if (web === 'none') return undefined;
  if (web === '') return join(packageRoot(), 'dist/web');
  try {
    accessSync(join(web, 'index.html'), constants.R_OK);
  } catch (cause) {
    const message = `web ${web} holds no page: index.html: ${reasonOf(cause)}; "none" serves no page`;
    throw new PipelineError('SYLSTREAM_ERR_CONFIG', message, { cause });
  }
  return web;
}
