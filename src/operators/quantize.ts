import type { OperatorFunction } from 'rxjs';
import type { SegmenterOutput } from '../segments/segmenter.ts';
import { createQuantizer } from '../segments/quantizer.ts';
import type { Codebook } from '../models/codebook/codebook.ts';
import type { SpeechEvent } from '../core/types.ts';
import { stateful } from './stateful.ts';

/** Options of `quantize()`. */
export interface QuantizeOptions {
  /** Units carry their segment's mean feature vector `[D]`; default false. */
  readonly features?: boolean | undefined;
  /** Merge consecutive equal units, pauses too; default false. */
  readonly merge?: boolean | undefined;
}

/**
 * Turns segments into units: each is named by the codebook; a pause is unit 0 and has no confidence.
 *
 * Without `merge` a unit goes out with its segment and no state is kept but a count. With `merge` one unit is held: it is
 * final when the next, different one is, or as soon as it is 2 s long, at a flush and at the end; units are numbered anew,
 * `decided` is when the unit became certain, `confidence` and `vector` are means weighted by length.
 *
 * In: what `segment()` emits. Out: `unit` events, final and in order; `provisional` events for provisional segments (the
 * held unit is part of them); `flushed` after the units that a flush decided. Turns of the rate dial end here.
 *
 * Errors: `RangeError` for vectors of another length than the codebook's.
 *
 * ```ts
 * features$
 *   .pipe(segment({ config }), quantize(models.codebook, { merge: true }))
 *   .subscribe((event) => {
 *     if (event.type === 'unit') console.log(event.unit.index, event.unit.id);
 *   });
 * ```
 */
export function quantize(
  codebook: Codebook,
  options: QuantizeOptions = {},
): OperatorFunction<SegmenterOutput, SpeechEvent> {
  return stateful(() =>
    createQuantizer({ ...options, assign: (vector) => codebook.assign(vector) }),
  );
}
