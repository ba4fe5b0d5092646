import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { PipelineError } from '../../src/core/errors.ts';
import { readNamedFile } from '../settings/configFile.ts';

/** A certificate chain and its private key, PEM. */
export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Reads certificate and key, and tries them. Throws `SYLSTREAM_ERR_CONFIG` for a file that cannot be read or is no PEM
 * of its kind, for a key with a passphrase, and for a key that does not belong to the certificate.
 */
export function readTls(certPath: string, keyPath: string): TlsFiles {
  const cert = readNamedFile(certPath);
  const key = readNamedFile(keyPath);
  const certificate = attempt(
    `tlsCert ${certPath} is no PEM certificate`,
    () => new X509Certificate(cert),
  );
  const privateKey = attempt(keyProblem(keyPath, key), () => createPrivateKey(key));
  checkPair(certificate, privateKey, `tlsKey ${keyPath} is not the key of tlsCert ${certPath}`);
  attempt(`tlsCert ${certPath} cannot be used`, () => createSecureContext({ cert, key }));
  return { cert, key };
}

function keyProblem(path: string, key: Buffer): string {
  return key.includes('ENCRYPTED')
    ? `tlsKey ${path} has a passphrase; give a key without one, readable by the server alone`
    : `tlsKey ${path} is no PEM private key`;
}

function checkPair(certificate: X509Certificate, key: KeyObject, message: string): void {
  if (!certificate.checkPrivateKey(key)) throw new PipelineError('SYLSTREAM_ERR_CONFIG', message);
}

/** OpenSSL's words are kept as the cause: they name no content. */
function attempt<T>(message: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw new PipelineError('SYLSTREAM_ERR_CONFIG', message, { cause });
  }
}
