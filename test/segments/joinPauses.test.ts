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
  });
  const second = unit({
    index: 4,
    id: 0,
    pause: true,
    start: 10,
    end: 25,
    decided: 30,
    forced: true,
  });

  it('makes one pause of two: the first one’s place, the last one’s end and decision', () => {
    expect(joinPauses(first, second)).toEqual({ ...first, end: 25, decided: 30, forced: true });
  });

  it('leaves apart what is not two pauses', () => {
    const spoken = unit({ start: 10, end: 25 });
    expect(joinPauses(undefined, first)).toBeUndefined();
    expect(joinPauses(first, spoken)).toBeUndefined();
    expect(joinPauses(spoken, second)).toBeUndefined();
  });
});
