import { describe, expect, it } from 'vitest';
import { joinPauses } from '../../src/segments/joinPauses.ts';
import { unit } from '../helpers/units.ts';

describe('joinPauses', () => {
  const first = unit({
    index: 3,
    id: 0,
    pause: true,
    start: 0,
    end: 10,
    decided: 14,
    confidence: 0.5,
  });
  const second = unit({
    index: 4,
    id: 0,
    pause: true,
    start: 10,
    end: 25,
    decided: 30,
    confidence: 1,
    forced: true,
  });

  it('makes one pause of two: the first one’s place, the last one’s end and decision', () => {
    expect(joinPauses(first, second)).toEqual({ ...first, end: 25, decided: 30, forced: true });
    expect(joinPauses(second, { ...first, start: 25, end: 30 })?.confidence).toBe(0.5);
  });

  it('leaves apart what is not two pauses', () => {
    const spoken = unit({ start: 10, end: 25 });
    expect(joinPauses(undefined, first)).toBeUndefined();
    expect(joinPauses(first, spoken)).toBeUndefined();
    expect(joinPauses(spoken, second)).toBeUndefined();
  });
});
