import { describe, expect, it } from 'vitest';
import { placeEvent } from '../../web/placeEvent.ts';
import { unit } from '../helpers/units.ts';

describe('placeEvent', () => {
  const origin = { sample: 1000, index: 7 };

  it('moves units, continuations and acknowledgements to where the session began', () => {
    const heard = unit({ index: 1, start: 5, end: 9, decided: 12 });
    const moved = { ...heard, index: 8, start: 1005, end: 1009, decided: 1012 };
    expect(placeEvent({ type: 'unit', unit: heard }, origin)).toEqual({
      type: 'unit',
      unit: moved,
    });
    expect(placeEvent({ type: 'provisional', from: 1, units: [heard] }, origin)).toEqual({
      type: 'provisional',
      from: 8,
      units: [moved],
    });
    const predicted = { hypothesis: 0, place: 0, id: 3, logProbability: -1 };
    expect(placeEvent({ type: 'predicted', after: 1, unit: predicted }, origin)).toEqual({
      type: 'predicted',
      after: 8,
      unit: predicted,
    });
    expect(placeEvent({ type: 'progress', acknowledged: 4, lagMs: 2 }, origin)).toEqual({
      type: 'progress',
      acknowledged: 1004,
      lagMs: 2,
    });
  });

  it('leaves alone what has no place', () => {
    const event = { type: 'goaway', deadlineMs: 5, reason: 'drain' } as const;
    expect(placeEvent(event, origin)).toBe(event);
  });
});
