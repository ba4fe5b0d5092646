import { createCodebook } from '../../src/models/codebook.ts';
import { createPlainCodebook } from '../../test/helpers/reference/codebook.ts';
import type { Material } from './material.ts';

/** One function, as it was and as it is; each call does the work of all of the material. */
export interface HotCase {
  readonly name: string;
  readonly before: () => void;
  readonly now: () => void;
}

/** The functions that a stream's second goes into, beside the encoder. */
export function hotCases(material: Material): HotCase[] {
  const { tensors, segments } = material;
  const plain = createPlainCodebook(tensors);
  const codebook = createCodebook(tensors);
  return [
    {
      name: `naming a segment, ${(segments.length / material.seconds).toFixed(1)} a second`,
      before: () => segments.forEach(({ vector }) => plain.assign(vector)),
      now: () => segments.forEach(({ vector }) => codebook.assign(vector)),
    },
  ];
}
