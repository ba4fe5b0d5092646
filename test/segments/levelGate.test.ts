import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createLevelGate } from '../../src/segments/pauses.ts';
import { fixture } from '../helpers/speech.ts';

interface Golden {
  /** From this token on they come in a flush. */
  readonly kept: number;
  readonly levels: readonly number[];
  readonly speech: readonly number[];
}

describe('createLevelGate', () => {
  it('says of every level what training/segment/stand_ins.py says', () => {
    const text = readFileSync(fixture('level-gate.json'), 'utf8');
    const { kept, levels, speech } = JSON.parse(text) as Golden;
    const gate = createLevelGate();
    const found = levels.map((level, t) => (t < kept ? gate.next(level) : gate.peek(level)));
    found.forEach((value, t) => expect(value).toBeCloseTo(speech[t], 5));
    expect(found.filter((value) => value > 0).length).toBeGreaterThan(80);
  });
});
