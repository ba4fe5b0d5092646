/** Bytes as base64 (RFC 4648, section 4), in Node and in browsers. */
export function bytesToBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Base64 as bytes; undefined when it is not base64. */
export function bytesFromBase64(text: string): Uint8Array | undefined {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    return undefined; // the caller says which field it was
  }
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
