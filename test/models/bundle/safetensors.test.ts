import { describe, expect, it } from 'vitest';
import { halfToFloat, parseSafetensors } from '../../../src/models/bundle/safetensors.ts';
import { safetensors } from '../../helpers/safetensors.ts';

const code = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('parseSafetensors', () => {
  it('reads F32, I32 and F16 tensors with their shapes', () => {
    const data = new Uint8Array(20);
    new Float32Array(data.buffer, 0, 2).set([1.5, -2]);
    new Int32Array(data.buffer, 8, 2).set([7, -7]);
    new Uint16Array(data.buffer, 16, 2).set([0x3c00, 0xc500]);
    const tensors = parseSafetensors(
      safetensors(
        {
          __metadata__: { note: 'ignored' },
          a: { dtype: 'F32', shape: [1, 2], data_offsets: [0, 8] },
          b: { dtype: 'I32', shape: [2], data_offsets: [8, 16] },
          c: { dtype: 'F16', shape: [2], data_offsets: [16, 20] },
        },
        data,
      ),
      'x.safetensors',
    );
    expect([...tensors.keys()]).toEqual(['a', 'b', 'c']);
    expect(tensors.get('a')).toEqual({ shape: [1, 2], data: new Float32Array([1.5, -2]) });
    expect(tensors.get('b')!.data).toEqual(new Int32Array([7, -7]));
    expect(tensors.get('c')!.data).toEqual(new Float32Array([1, -5]));
  });

  it.each([
    ['fewer than 8 bytes', new Uint8Array(3)],
    ['a header longer than the file', new Uint8Array(8).fill(255)],
    ['a header that is not JSON', new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 123, 123])],
    [
      'an unknown type',
      safetensors({ a: { dtype: 'F64', shape: [1], data_offsets: [0, 8] } }, new Uint8Array(8)),
    ],
    [
      'too few bytes',
      safetensors({ a: { dtype: 'F32', shape: [4], data_offsets: [0, 16] } }, new Uint8Array(8)),
    ],
  ])('refuses %s', (_, bytes) => {
    expect(code(() => parseSafetensors(bytes, 'x'))).toBe('SYLSTREAM_ERR_BUNDLE_FORMAT');
  });
});

describe('halfToFloat', () => {
  it.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x7bff, 65504],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
  ])('widens %i', (bits, value) => {
    expect(halfToFloat(bits)).toBe(value);
  });

  it('widens a NaN to NaN', () => {
    expect(halfToFloat(0x7e00)).toBeNaN();
  });
});
