import { describe, expect, it } from 'vitest';
import { degreesOf, LAST_POSITION, rateAt, rateInWords } from '../../web/view/dialScale.ts';

describe('the scale of the dial', () => {
  const rates = Array.from({ length: LAST_POSITION + 1 }, (_, position) => rateAt(position));

  it('goes from natural over 5.00 and 6.25 to 8.33', () => {
    expect([rates[0], rates[1], rates.at(-1)]).toEqual(['natural', 5, 8.33]);
    expect(rates).toContain(6.25);
    expect(rates.slice(1)).toEqual(
      [...new Set(rates.slice(1))].toSorted((a, b) => Number(a) - Number(b)),
    );
  });

  it('turns clockwise all the way', () => {
    const degrees = rates.map(degreesOf);
    for (let n = 1; n < degrees.length; n++) expect(degrees[n]).toBeGreaterThan(degrees[n - 1]);
    expect([degrees[0], degrees.at(-1)]).toEqual([-135, 135]);
  });

  it('says a rate in words', () => {
    expect(rates.slice(0, 2).map(rateInWords)).toEqual(['natural', '5 units a second']);
  });
});
