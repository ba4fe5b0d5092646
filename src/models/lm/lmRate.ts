import type { Rate } from '../../core/types.ts';
import type { Bundle, LmConfig } from '../bundle/bundle.ts';

/**
 * The rate whose units a bundle's language model was trained on, as a stream says it, and what it is in units per second.
 * A checked bundle has it.
 */
export function lmRate(
  { config }: Bundle,
  lm: LmConfig,
): { readonly rate: Rate; readonly hz: number } {
  const { name, hz } = config.boundaries.rates.find((one) => one.name === lm.rate)!;
  return { rate: name === 'natural' ? name : hz, hz };
}
