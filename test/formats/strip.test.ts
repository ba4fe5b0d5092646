import { describe, expect, it } from 'vitest';
import { unitStrip, type UnitStrip } from '../../src/formats/strip.ts';
import type { Unit } from '../../src/core/types.ts';
import { unit } from '../helpers/units.ts';

/** What a terminal shows after these bytes: knows carriage return, line feed, clear to the end, and no colours. */
function screen(bytes: string): string[] {
  const lines = [''];
  let column = 0;
  // eslint-disable-next-line no-control-regex
  for (const [part] of bytes.matchAll(/\u001b\[[\d;]*[a-zA-Z]|[^]/gu)) {
    const last = lines.length - 1;
    if (part === '\r') column = 0;
    else if (part === '\n') lines.push('');
    else if (part === '\u001b[K') lines[last] = lines[last].slice(0, column);
    else if (!part.startsWith('\u001b')) {
      lines[last] = lines[last].slice(0, column) + part + lines[last].slice(column + 1);
      column++;
    }
    if (part === '\n') column = 0;
  }
  return lines;
}

const at = (start: number, ms: number, values: Partial<Unit> = {}): Unit =>
  unit({ start, end: start + 16 * ms, ...values });

const draw = (strip: UnitStrip, units: readonly Unit[]): string =>
  units.map((u) => strip.unit(u)).join('');

describe('unitStrip', () => {
  const words = [at(16_000, 200, { id: 7 }), at(19_200, 400, { id: 203 })];

  it('draws each unit as wide as it is long, its number in the middle', () => {
    const bytes = draw(unitStrip({ columns: 80 }), words);
    expect(screen(bytes)).toEqual(['    1.0 s   7     203    ']);
  });

  it('shows what a unit stands for in place of its number, where that is known', () => {
    const labelOf = ({ id }: { readonly id: number }) => (id === 7 ? 'friend' : undefined);
    const strip = unitStrip({ columns: 80, labelOf });
    expect(screen(draw(strip, words))).toEqual(['    1.0 s  friend    203    ']);
    expect(screen(draw(strip, [words[0]]) + strip.provisional([words[0]])).at(-1)).toContain(
      ' friend  friend ',
    );
  });

  it('draws brackets where there are no colours', () => {
    const bytes = draw(unitStrip({ columns: 80, colour: false }), words);
    expect(bytes).not.toContain('\u001b[4');
    expect(screen(bytes)).toEqual(['    1.0 s [ 7 ][  203   ]']);
  });

  it('gives two units of one number the same colour, others another', () => {
    const colours = [3, 4, 3].map(
      (id) => /48;5;(\d+)m/.exec(unitStrip({ columns: 80 }).unit(at(0, 100, { id })))?.[1],
    );
    expect(colours[0]).toBe(colours[2]);
    expect(colours[0]).not.toBe(colours[1]);
  });

  it('draws a short pause as dots and begins a line after a long one', () => {
    const strip = unitStrip({ columns: 80 });
    const bytes = draw(strip, [
      ...words,
      at(25_600, 100, { pause: true }),
      at(27_200, 200, { id: 9 }),
      at(30_400, 300, { pause: true }),
      at(35_200, 300, { pause: true }),
      at(40_000, 200, { id: 11 }),
    ]);
    expect(screen(bytes + strip.end())).toEqual([
      '    1.0 s   7     203    ···  9  ····',
      '    2.5 s  11  ',
      '',
    ]);
  });

  it('begins a line when the terminal is full', () => {
    const many = Array.from({ length: 6 }, (_, n) => at(n * 3_200, 200, { id: 10 + n }));
    const lines = screen(draw(unitStrip({ columns: 25 }), many));
    expect(lines).toEqual(['    0.0 s  10   11  ', '    0.4 s  12   13  ', '    0.8 s  14   15  ']);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(25);
  });

  it('shows the provisional tail until the next event replaces it', () => {
    const strip = unitStrip({ columns: 40 });
    const first = strip.unit(words[0]);
    const tail = first + strip.provisional([words[1], at(25_600, 2_000, { id: 1 })]);
    expect(screen(tail)[0]).toHaveLength(39);
    expect(screen(tail)[0]).toContain('203');
    expect(screen(tail + strip.unit(words[1]))).toEqual(['    1.0 s   7     203    ']);
  });

  it('writes nothing for silence alone', () => {
    const strip = unitStrip({ columns: 80 });
    expect(
      draw(strip, [at(0, 900, { pause: true })]) + strip.provisional(words) + strip.end(),
    ).toBe('');
  });
});
