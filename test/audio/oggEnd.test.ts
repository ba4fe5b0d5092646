import { describe, expect, it } from 'vitest';
import { MAX_OGG_PAGE_BYTES, oggEnd } from '../../src/audio/oggEnd.ts';

/** A page of one packet (RFC 3533, 6); the check sum is nobody's business here. */
function page(flags: number, body: number): Uint8Array {
  const lengths = [...Array<number>(Math.floor(body / 255)).fill(255), body % 255];
  const head = Buffer.alloc(27);
  head.write('OggS', 'latin1');
  head[5] = flags;
  head[26] = lengths.length;
  return Buffer.concat([head, Buffer.from(lengths), Buffer.alloc(body, 7)]);
}

const [first, middle, last] = [page(2, 60), page(0, 4000), page(4, 700)];

describe('oggEnd', () => {
  it('finds the page that says it is the last', () => {
    expect(oggEnd(Buffer.concat([first, middle, last]))).toBe('ended');
    expect(oggEnd(Buffer.concat([first, last, Buffer.alloc(128)]))).toBe('ended'); // a tag behind it
  });

  it('finds that the last page says nothing of an end', () => {
    expect(oggEnd(Buffer.concat([first, middle]))).toBe('open');
    expect(oggEnd(Buffer.concat([last, first, middle]))).toBe('open'); // another stream follows
  });

  it('finds the cut within a page, wherever it is', () => {
    for (let kept = 4; kept < last.length; kept += kept < 40 ? 1 : 97) {
      expect(oggEnd(Buffer.concat([middle, last.subarray(0, kept)]))).toBe('cut');
    }
  });

  it('says nothing where there is no page', () => {
    expect(oggEnd(new Uint8Array(0))).toBeUndefined();
    expect(oggEnd(Buffer.alloc(MAX_OGG_PAGE_BYTES, 'Ogg'))).toBeUndefined();
  });
});
