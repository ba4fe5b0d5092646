import { settingFor } from '../segments/rateDial.ts';
import type { Bundle } from '../models/bundle/bundle.ts';
import type { Rate } from '../core/types.ts';
import type { Provenance } from './unitFormatter.ts';

/**
 * Says what the units of a bundle mean at a precision and a rate.
 *
 * @throws RangeError for a rate outside of the bundle's
 */
export function provenanceOf(bundle: Bundle, precision: string, rate: Rate): Provenance {
  const { name, version } = bundle.manifest;
  const { lambda, w } = settingFor(bundle.config.boundaries, rate);
  return { bundle: name, version, hash: bundle.hash, precision, rate, lambda, w };
}
