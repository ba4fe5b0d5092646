import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawUnit, logProbability, type Draw } from '../../../src/models/lm/drawUnit.ts';

const PLAIN: Draw = {
  temperature: 1,
  topK: 1000,
  topP: 1,
  penalty: 1,
  seed: 0,
  hypothesis: 0,
  place: 0,
  banned: [],
  penalised: [],
};

/** Ids drawn at places 0, 1, 2 … */
function draws(logits: readonly number[], draw: Partial<Draw>, count = 2000): number[] {
  const values = Float32Array.from(logits);
  return Array.from(
    { length: count },
    (_, place) => drawUnit(values, { ...PLAIN, ...draw, place }).id,
  );
}

/** How often each id came. */
function shares(ids: readonly number[], vocabulary: number): number[] {
  return Array.from(
    { length: vocabulary },
    (_, id) => ids.filter((one) => one === id).length / ids.length,
  );
}

/** The straightforward way: sort by probability, cut, draw with the same chance. */
function allowed(logits: readonly number[], { temperature, topK, topP }: Draw): Set<number> {
  const order = logits
    .map((_, id) => id)
    .sort((a, b) => logits[b] - logits[a] || a - b)
    .slice(0, topK);
  const top = Math.max(...logits);
  const weights = order.map((id) => Math.exp((logits[id] - top) / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  let held = 0;
  const cut = weights.findIndex((weight) => (held += weight) >= topP * total * (1 - 1e-12));
  return new Set(order.slice(0, (cut === -1 ? order.length - 1 : cut) + 1));
}

describe('drawUnit', () => {
  it('draws in proportion to the probabilities', () => {
    const logits = [0, Math.log(2), Math.log(5)];
    const found = shares(draws(logits, {}, 16_000), 3);
    [1 / 8, 2 / 8, 5 / 8].forEach((share, id) => expect(found[id]).toBeCloseTo(share, 1.7));
  });

  it('sharpens below temperature 1, flattens above, and takes the most probable at 0, the lowest of equals', () => {
    const logits = [0, 1, 2];
    const share = (temperature: number) => shares(draws(logits, { temperature }), 3)[2];
    expect(share(0.5)).toBeGreaterThan(share(1));
    expect(share(5)).toBeLessThan(share(1));
    expect(share(0)).toBe(1);
    expect(new Set(draws([1, 3, 3], { temperature: 0 }))).toEqual(new Set([1]));
    expect(new Set(draws([1, 3, 2], { temperature: 1e-300 }))).toEqual(new Set([1]));
  });

  it('draws from what top-k and top-p leave, and from all of it', () => {
    const logit = fc.integer({ min: -24, max: 24 }).map((quarters) => quarters / 4);
    const logits = fc.array(logit, { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(
        logits,
        fc.integer({ min: 1, max: 14 }),
        fc.constantFrom(0, 0.3, 0.5, 0.9, 1),
        fc.constantFrom(0.5, 1, 3),
        (values, topK, topP, temperature) => {
          const draw = { ...PLAIN, topK, topP, temperature };
          const may = allowed(values, draw);
          for (const id of draws(values, draw, 50)) expect(may).toContain(id);
        },
      ),
      { numRuns: 300 },
    );
    expect(new Set(draws([1, 1, 1, 1, 0], { topK: 3 }))).toEqual(new Set([0, 1, 2]));
    expect(new Set(draws([1, 1, 1, 1], { topP: 0.5 }))).toEqual(new Set([0, 1]));
    expect(new Set(draws([0, 9, 1], { topP: 0 }))).toEqual(new Set([1]));
  });

  it('never draws what is banned, even where it is all but certain', () => {
    expect(new Set(draws([0, 50, 0], { banned: [1] }))).toEqual(new Set([0, 2]));
  });

  it('divides positive logits by the penalty and multiplies negative ones, of the named ids only', () => {
    expect(draws([2, 1.9, -1], { temperature: 0, penalty: 2, penalised: [0] }, 1)).toEqual([1]);
    expect(draws([-1, -1.9], { temperature: 0, penalty: 2, penalised: [0] }, 1)).toEqual([1]);
    expect(draws([1, 1.9], { temperature: 0, penalty: 0.5, penalised: [0] }, 1)).toEqual([0]);
  });

  it("says the model's own probability, whatever shaped the draw", () => {
    const logits = Float32Array.from([0, Math.log(3), 100]);
    const drawn = drawUnit(logits, { ...PLAIN, banned: [2], temperature: 0 });
    expect(drawn.id).toBe(1);
    expect(drawn.logProbability).toBeCloseTo(Math.log(3) - 100, 4);
    expect(logProbability(Float32Array.from([0, 0]), 1)).toBeCloseTo(-Math.LN2, 12);
  });

  it('depends on seed, hypothesis and place alone', () => {
    const logits = [0, 0, 0, 0, 0, 0, 0, 0];
    expect(draws(logits, { seed: 1 }, 40)).toEqual(draws(logits, { seed: 1 }, 40));
    expect(draws(logits, { seed: 1 }, 40)).not.toEqual(draws(logits, { seed: 2 }, 40));
    expect(draws(logits, { hypothesis: 1 }, 40)).not.toEqual(draws(logits, { hypothesis: 2 }, 40));
  });
});
