import { PipelineError } from '../core/errors.ts';

/**
 * SHA-256 of bytes or of a text in UTF-8, hex, by the browser's SubtleCrypto.
 *
 * @throws PipelineError `SYLSTREAM_ERR_ENGINE` where there is none: browsers have it on https and on this very machine alone
 */
export async function sha256(data: Uint8Array<ArrayBuffer> | string): Promise<string> {
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) {
    throw new PipelineError(
      'SYLSTREAM_ERR_ENGINE',
      'expected a secure context, which alone has SubtleCrypto to check a bundle with, and got a page over plain http; ' +
        'serve it over https, or from localhost',
    );
  }
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
