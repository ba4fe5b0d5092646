import { describe, expect, it } from 'vitest';
import { jsonl, provisionalLine } from '../../src/formats/jsonl.ts';
import { formatted, PROVENANCE, unit, UNITS } from '../helpers/units.ts';

const lines = (text: Buffer): unknown[] =>
  text
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

describe('jsonl', () => {
  it('writes one unit a line with samples, seconds and confidence', () => {
    const [, first, second] = lines(formatted(jsonl()));
    expect(first).toEqual({
      index: 1,
      id: 17,
      fine: 64,
      start: 4920,
      end: 8761,
      decided: 13_761,
      startSeconds: 0.3075,
      endSeconds: 0.5475625,
      confidence: 0.625,
    });
    expect(second).toMatchObject({ id: 203, forced: true });
  });

  it('says what a unit stands for behind its numbers, where that is known', () => {
    const labelled = jsonl({ labelOf: ({ fine }) => (fine === 64 ? 'his' : undefined) });
    const [, first, second] = formatted(labelled).toString().split('\n');
    expect(first).toContain('"index":1,"id":17,"fine":64,"label":"his","start":4920');
    expect(second).not.toContain('label');
  });

  it('names pause and forced only where they hold', () => {
    const all = lines(formatted(jsonl()));
    expect(all.map((line) => Object.hasOwn(line as object, 'pause'))).toEqual([
      true,
      false,
      false,
      false,
      true,
    ]);
    expect(all.map((line) => Object.hasOwn(line as object, 'forced'))).toEqual([
      false,
      false,
      true,
      false,
      false,
    ]);
  });

  it('keeps the order of the keys that the documentation names', () => {
    expect(jsonl().unit(UNITS[4])).toBe(
      '{"index":4,"id":0,"start":19320,"end":31481,"decided":36481,"startSeconds":1.2075,"endSeconds":1.9675625,"pause":true}\n',
    );
  });

  it('puts bundle, hash, rate and λ on a first line when asked', () => {
    const [header, ...rest] = lines(formatted(jsonl({ header: PROVENANCE })));
    expect(header).toEqual(PROVENANCE);
    expect(rest).toHaveLength(UNITS.length);
  });

  it('gives every line the name of its recording when asked', () => {
    const all = lines(formatted(jsonl({ header: PROVENANCE, file: 'a "b".wav' })));
    expect(all.every((line) => (line as { file: string }).file === 'a "b".wav')).toBe(true);
  });

  it('writes vectors so that the same float32 comes back', () => {
    const vector = Float32Array.of(0.1, -1 / 3, 1.17549435e-38, 16_777_217);
    const { vector: back } = JSON.parse(jsonl().unit(unit({ start: 0, end: 320, vector }))) as {
      vector: number[];
    };
    expect(Float32Array.from(back)).toEqual(vector);
  });

  it('writes the provisional tail as one line', () => {
    const tail = JSON.parse(provisionalLine(3, UNITS.slice(3))) as Record<string, unknown>;
    expect(tail['from']).toBe(3);
    expect(tail['provisional']).toHaveLength(2);
  });
});
