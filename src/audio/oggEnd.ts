/** The most that a page can have: a header of 27 bytes, 255 lengths, 255 pieces of 255 bytes (RFC 3533, 6). */
export const MAX_OGG_PAGE_BYTES: number = 27 + 255 + 255 * 255;

/** Where the fields of a page stand (RFC 3533, 6). */
const VERSION_AT = 4;
const FLAGS_AT = 5;
const COUNT_AT = 26;
const LENGTHS_AT = 27;
const END_OF_STREAM = 0x04;

/**
 * How an Ogg file ends: `ended` by a whole page that says so, `open` with a whole page that does not, `cut` within one. A file
 * that is cut between two pages looks like a live recording that was never closed: both are `open`. Undefined where there is
 * no page to judge by.
 *
 * @param tail the file's last bytes, `MAX_OGG_PAGE_BYTES` of them where it has so many
 */
export function oggEnd(tail: Uint8Array): 'ended' | 'open' | 'cut' | undefined {
  for (let at = tail.length - VERSION_AT; at >= 0; at--) {
    if (!isPage(tail, at)) continue;
    const lengths = tail.subarray(at + LENGTHS_AT, at + LENGTHS_AT + (tail[at + COUNT_AT] ?? 0));
    const bytes = lengths.reduce((sum, length) => sum + length, LENGTHS_AT + lengths.length);
    const isWhole = lengths.length === tail[at + COUNT_AT] && at + bytes <= tail.length;
    if (!isWhole) return 'cut';
    return (tail[at + FLAGS_AT] & END_OF_STREAM) === 0 ? 'open' : 'ended';
  }
  return undefined;
}

/** Whether `OggS` stands here, and behind it a version 0 or the end of the file. */
function isPage(tail: Uint8Array, at: number): boolean {
  const isMark =
    tail[at] === 0x4f && tail[at + 1] === 0x67 && tail[at + 2] === 0x67 && tail[at + 3] === 0x53;
  return isMark && (tail[at + VERSION_AT] ?? 0) === 0;
}
