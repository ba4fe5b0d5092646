import type { Unit } from '../core/types.ts';
import { byChannel } from './byChannel.ts';
import type { UnitFormatter } from './unitFormatter.ts';

/**
 * Writes a recording, or each channel where they are told apart, as one line: the numbers of its units with spaces between, 0 for a pause; an empty line for a
 * recording without units.
 *
 * ```ts
 * const line = text();
 * for (const unit of units) line.unit(unit);
 * out.write(line.end(samples)); // '0 158 50 32\n'
 * ```
 */
export function text(): UnitFormatter {
  const units: Unit[] = [];
  return {
    begin: () => '',
    unit: (unit) => {
      units.push(unit);
      return '';
    },
    end: () =>
      byChannel(units)
        .map((one) => `${one.units.map(({ id }) => id).join(' ')}\n`)
        .join(''),
  };
}
