import { isLoopback } from '../address/loopback.ts';
import { PipelineError } from '../../src/core/errors.ts';
import type { Settings } from './settings.ts';

/**
 * Throws `SYLSTREAM_ERR_CONFIG` when the settings would open the server to others without tokens or without TLS,
 * unless `insecure` says that this is meant (behind a proxy that does both, for one).
 */
export function checkBind(settings: Settings): void {
  if ((settings.tlsCert === '') !== (settings.tlsKey === '')) {
    throw new PipelineError(
      'SYLSTREAM_ERR_CONFIG',
      'tlsCert and tlsKey belong together; one is missing',
    );
  }
  if (isLoopback(settings.host) || settings.insecure) return;
  const missing = [
    ...(settings.token === '' && settings.tokenHashes.length === 0 ? ['a token'] : []),
    ...(settings.tlsCert === '' ? ['TLS'] : []),
  ];
  if (missing.length === 0) return;
  throw new PipelineError(
    'SYLSTREAM_ERR_CONFIG',
    `host ${settings.host} is reachable from other machines, but ${missing.join(' and ')} is missing; ` +
      'set token or tokenHashes, and tlsCert and tlsKey, or say --insecure if something in front does both',
  );
}
