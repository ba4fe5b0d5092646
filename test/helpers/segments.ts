import type { Codebook } from '../../src/models/codebook/codebook.ts';
import { createCodebook } from '../../src/models/codebook/codebook.ts';
import type { Segment } from '../../src/core/types.ts';

/** Units 1 to 4, for vectors [1, 0, 0, 0] … [0, 0, 0, 1]. */
export const FOUR_UNITS: Codebook = createCodebook({
  centroids: Float32Array.from({ length: 16 }, (_, i) =>
    i % 5 === 0 ? Math.sqrt(3) : -Math.sqrt(1 / 3),
  ),
  units: Int32Array.of(1, 2, 3, 4),
  featureWidth: 4,
});

/** Segments of the given units (0 = pause), one after the other, decided 0.5 s after they end. */
export function segmentsOf(
  units: readonly number[],
  lengths: (index: number) => number = () => 3200,
): Segment[] {
  let start = 0;
  return units.map((unit, index) => {
    const end = start + lengths(index);
    const segment = {
      index,
      start,
      end,
      decided: end + 8000,
      forced: false,
      pause: unit === 0,
      vector: Float32Array.from({ length: 4 }, (_, d) => (d === unit - 1 ? 1 : 0)),
    };
    start = end;
    return segment;
  });
}
