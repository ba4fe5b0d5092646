import { describe, expect, it } from 'vitest';
import { createPauseJoiner, joinedPauses } from '../../src/segments/pauseJoiner.ts';
import type { SpeechEvent, Unit } from '../../src/core/types.ts';
import { unit } from '../helpers/units.ts';

const pause = (index: number, start: number, end: number, more: Partial<Unit> = {}): Unit =>
  unit({ index, id: 0, start, end, pause: true, ...more });
const A = unit({ index: 0, id: 5, start: 0, end: 100 });
const PAUSES = [pause(1, 100, 200), pause(2, 200, 300, { forced: true }), pause(3, 300, 500)];
const B = unit({ index: 4, id: 6, start: 500, end: 600 });
const JOINED = pause(1, 100, 500);

const said = (unit: Unit): SpeechEvent => ({ type: 'unit', unit });

function run(events: readonly SpeechEvent[]): SpeechEvent[] {
  const joiner = createPauseJoiner();
  return [...events.flatMap((event) => [...joiner.push(event)]), ...joiner.flush()];
}

describe('a long silence', () => {
  it('is one pause, from the first piece to the last', () => {
    expect(run([A, ...PAUSES, B].map(said))).toEqual([A, JOINED, B].map(said));
    expect(joinedPauses([A, ...PAUSES, B])).toEqual([A, JOINED, B]);
  });

  it('at the end comes at the end', () => {
    expect(run([A, ...PAUSES].map(said))).toEqual([A, JOINED].map(said));
    expect(run([])).toEqual([]);
  });

  it('is decided by a flush: what comes after it is another pause', () => {
    const flushed: SpeechEvent = { type: 'flushed', sample: 300, index: 3 };
    expect(run([said(PAUSES[0]), said(PAUSES[1]), flushed, said(PAUSES[2])])).toEqual([
      said({ ...pause(1, 100, 300), forced: true }),
      flushed,
      said(PAUSES[2]),
    ]);
  });

  it('stands in the tail while it lasts, joined with the pause that may still change', () => {
    const tail = (from: number, ...units: Unit[]): SpeechEvent => ({
      type: 'provisional',
      from,
      units,
    });
    const events = [said(A), tail(1), said(PAUSES[0]), tail(2, PAUSES[1], B)];
    expect(run(events)).toEqual([
      said(A),
      tail(1),
      tail(1, { ...pause(1, 100, 300), forced: true }, B),
      said(PAUSES[0]),
    ]);
  });

  it('has the mean of its vectors, by their length', () => {
    const parts = [
      pause(0, 0, 100, { vector: Float32Array.of(0, 8) }),
      pause(1, 100, 400, { vector: Float32Array.of(4, 0) }),
    ];
    expect(joinedPauses(parts)[0].vector).toEqual(Float32Array.of(3, 2));
  });

  it('does not swallow equal units that are no pauses', () => {
    const twice = [A, unit({ index: 1, id: 5, start: 100, end: 200 })];
    expect(joinedPauses(twice)).toEqual(twice);
  });
});
