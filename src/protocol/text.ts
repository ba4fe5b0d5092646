/** Characters of text: Unicode code points, as JSON Schema counts them (RFC 8259; `maxLength`), not UTF-16 units. */
export function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}

/** The first `length` characters of text; no character is cut in two. */
export function firstCharacters(text: string, length: number): string {
  if (text.length <= length) return text;
  let end = 0;
  for (let left = length; left > 0 && end < text.length; left--) {
    end += text.codePointAt(end)! > 0xffff ? 2 : 1;
  }
  return text.slice(0, end);
}

/**
 * Whether text comes back as it went: no half of a character (a lone surrogate), which UTF-8 cannot carry, and no byte
 * order mark at its start, which decoders drop.
 */
export function isFaithful(text: string): boolean {
  return !/^\uFEFF|\p{Surrogate}/u.test(text);
}

/** Whether the bytes from `start` to before `end` are UTF-8 (RFC 3629) of faithful text; quick for ASCII. */
export function isFaithfulUtf8(message: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && message[at] < 0x80) at++;
  if (at === end) return true;
  const bytes = message.subarray(start, end);
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return !text.startsWith('\uFEFF');
  } catch {
    return false; // what `fatal` asks for
  }
}
