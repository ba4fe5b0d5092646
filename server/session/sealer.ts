import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

/** Seals what another gateway may open, and nobody else. */
export interface Sealer {
  /** Seals bytes for a credential. */
  seal(content: Uint8Array, credential: string): Uint8Array;
  /** Opens them; undefined for whatever was not sealed so: other keys, another credential, other bits, one bit of it changed. */
  open(seal: Uint8Array, credential: string): Uint8Array | undefined;
}

/** A seal: its version, the key's name, the salt of the sealing process, the number of the seal, content, tag. */
const VERSION = 1;
const KEY_NAME_BYTES = 4;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + KEY_NAME_BYTES + SALT_BYTES + NONCE_BYTES;

/** A secret that gateways share, and the name by which a seal asks for it. */
interface Key {
  readonly secret: string;
  readonly name: Buffer;
}

/**
 * Makes a sealer over AES-256-GCM. The first key seals, all open. Each process has a key of its own, by HKDF (RFC 5869) from the
 * secret and 16 random bytes, and numbers its seals: no two seals share key and nonce, however many there are.
 *
 * @param keys secrets, at least one
 * @param bound what has to be the same where it is opened
 */
export function createSealer(keys: readonly string[], bound: readonly string[]): Sealer {
  const known = keys.map((secret) => ({ secret, name: nameOf(secret) }));
  const salt = randomBytes(SALT_BYTES);
  const own = derive(known[0].secret, salt);
  let number = 0n;

  const boundTo = (credential: string): Buffer =>
    Buffer.from(JSON.stringify([...bound, credential]));

  return {
    seal(content, credential) {
      const nonce = Buffer.alloc(NONCE_BYTES);
      nonce.writeBigUInt64BE(number++, NONCE_BYTES - 8);
      const head = Buffer.concat([Uint8Array.of(VERSION), known[0].name, salt, nonce]);
      const cipher = createCipheriv('aes-256-gcm', own, nonce);
      cipher.setAAD(Buffer.concat([head, boundTo(credential)]));
      return Buffer.concat([head, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
    },
    open(seal, credential) {
      if (seal.length < HEAD_BYTES + TAG_BYTES || seal[0] !== VERSION) return undefined;
      const key = keyOf(known, seal);
      if (key === undefined) return undefined;
      const head = seal.subarray(0, HEAD_BYTES);
      const from = 1 + KEY_NAME_BYTES;
      const derived = derive(key.secret, head.subarray(from, from + SALT_BYTES));
      const decipher = createDecipheriv('aes-256-gcm', derived, head.subarray(from + SALT_BYTES));
      decipher.setAAD(Buffer.concat([head, boundTo(credential)]));
      decipher.setAuthTag(seal.subarray(seal.length - TAG_BYTES));
      try {
        const content = decipher.update(seal.subarray(HEAD_BYTES, seal.length - TAG_BYTES));
        return Buffer.concat([content, decipher.final()]);
      } catch {
        return undefined; // the tag is another
      }
    },
  };
}

function keyOf(known: readonly Key[], seal: Uint8Array): Key | undefined {
  const name = seal.subarray(1, 1 + KEY_NAME_BYTES);
  return known.find((key) => key.name.equals(name));
}

function derive(secret: string, salt: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, 'sylstream session', 32));
}

/** No secret: tells keys apart. */
function nameOf(secret: string): Buffer {
  return createHash('sha256')
    .update('sylstream key name\0')
    .update(secret)
    .digest()
    .subarray(0, KEY_NAME_BYTES);
}
