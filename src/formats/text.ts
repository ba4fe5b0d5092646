import type { Unit } from '../types.ts';
import type { UnitFormatter } from './unitFormatter.ts';

/**
 * Writes a recording as one line: the numbers of its units with spaces between, 0 for a pause; an empty line for a
 * recording without units.
 *
 * ```ts
 * const line = text();
 * for (const unit of units) line.unit(unit);
 * out.write(line.end(samples)); // '0 158 50 32\n'
 * ```
 */
export function text(): UnitFormatter {
  const ids: number[] = [];
  return {
    begin: () => '',
    unit: ({ id }: Unit) => {
      ids.push(id);
      return '';
    },
    end: () => `${ids.join(' ')}\n`,
  };
}
