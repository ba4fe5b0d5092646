import { describe, expect, it } from 'vitest';
import { continuationLine } from '../../src/formats/continuationLine.ts';
import { jsonl } from '../../src/formats/jsonl.ts';
import { readSpokenUnits } from '../../src/formats/readSpokenUnits.ts';

const read = (...lines: string[]) => readSpokenUnits(lines.join('\n'), 'units.jsonl');

describe('readSpokenUnits', () => {
  it('reads what jsonl() writes, header and pauses too', () => {
    const header = { hash: 'abc', bundle: 'b', version: '1.0.0', precision: 'int8', rate: 'natural', lambda: 1, w: 1 } as const; // prettier-ignore
    const lines = jsonl({ header });
    const unit = { index: 0, id: 3, start: 0, end: 3200, decided: 9000, confidence: 1, pause: false, forced: false }; // prettier-ignore
    const pause = { ...unit, index: 1, id: 0, start: 3200, end: 6400, pause: true };
    expect(read(lines.begin() + lines.unit({ ...unit, fine: 17 }) + lines.unit(pause))).toEqual({
      hash: 'abc',
      units: [
        { id: 3, fine: 17, start: 0, end: 3200 },
        { id: 0, start: 3200, end: 6400 },
      ],
    });
  });

  it('reads the first of several continuations, whose units have no times', () => {
    const line = (hypothesis: number, ids: readonly number[]): string => {
      const units = ids.map((id, place) => ({ hypothesis, place, id, logProbability: -1 }));
      return continuationLine({ hypothesis, after: 4, units }, 'jsonl');
    };
    expect(read(line(0, [3, 0, 2]), line(1, [1]))).toEqual({
      hash: undefined,
      units: [{ id: 3 }, { id: 0 }, { id: 2 }],
    });
  });

  it('leaves out what is provisional', () => {
    expect(read('{"from":0,"provisional":[{"id":9}]}', '{"id":1}').units).toEqual([{ id: 1 }]);
  });

  it('makes no number of what is none', () => {
    expect(read('{"id":"one","start":null}').units).toEqual([{ id: NaN, start: NaN }]);
    expect(read('{"units":[1,"2"]}').units).toEqual([{ id: 1 }, { id: NaN }]);
  });

  it.each([
    ['two channels', ['{"channel":1,"id":1}', '{"channel":2,"id":1}'], /line 2: .*one channel/],
    ['two files', ['{"file":"a","id":1}', '{"file":"b","id":1}'], /one channel of one recording/],
    ['nothing', ['', ' '], /at least one unit, got none/],
    ['no JSON', ['{"id":1}', 'hello'], /line 2: expected a JSON object, got hello/],
    ['a list', ['[1]'], /expected a JSON object, got \[1\]/],
    ['other JSON', ['{"hello":1}'], /a unit or a continuation/],
    ['units and a continuation', ['{"id":1}', '{"units":[1]}'], /got a continuation too/],
  ])('refuses %s by line', (_, lines, says) => {
    expect(() => read(...lines)).toThrow(says);
    expect(() => read(...lines)).toThrow(expect.objectContaining({ code: 'SYLSTREAM_ERR_UNITS' }));
  });
});
