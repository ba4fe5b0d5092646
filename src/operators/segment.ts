import type { OperatorFunction } from 'rxjs';
import {
  createSegmenter,
  type SegmenterInput,
  type SegmenterOptions,
  type SegmenterOutput,
} from '../segments/segmenter.ts';
import { stateful } from './stateful.ts';

/** Options of `segment()`. */
export type SegmentOptions = Omit<SegmenterOptions, 'prune'>;

/**
 * Cuts encoder features into syllable-like segments and pauses, each as soon as it is certain.
 *
 * Minimises Σ (w·C + λ − g) over segments of `minTokens` to `maxTokens` tokens, where C is the spread of the features within
 * a segment and g the boundary logit at its end. A boundary is emitted when every path that can still win runs through it,
 * so the segments are those of a search over the whole recording; only what `maxDelayMs` forces may differ, and says so
 * (`forced`). A flush decides all that has come. The dial turns at its place in the audio.
 *
 * Options: `config` (the bundle's `boundaries` with `trimTokens`, `featureWidth` and `chunkTokens`), `rate` (`natural`),
 * `maxDelayMs` (audio time, 0 or more, `Infinity` allowed; 800), `partials` (false), `holdRate` (false).
 *
 * Each subscription keeps the features of what is not decided: about `maxDelayMs` and a segment, at most 31 s.
 *
 * In: `FeatureBlock` `[T, D]`, one block an encoder chunk, and controls. Out: `Segment` (final, in order, without gaps, times
 * in samples at 16 kHz, `vector` `[D]`), with `partials` a `ProvisionalSegments` after each block, and the controls at their
 * place, after what they decided.
 *
 * Throws `RangeError` or `TypeError` at once for an option out of range. Errors: `SYLSTREAM_ERR_ENCODER` for a block that
 * does not fit (a gap, NaN), `SYLSTREAM_ERR_OVERRUN` for over 64 turns of the dial ahead of the audio, `RangeError` for a
 * turn to a rate that the bundle lacks.
 *
 * ```ts
 * const { mel, boundaries, units, encoder } = models.bundle.config;
 * mel$
 *   .pipe(
 *     encode(models.encoder, { mel }),
 *     segment({ config: { ...boundaries, ...units, ...encoder }, maxDelayMs: 600 }),
 *   )
 *   .subscribe((value) => {
 *     if ('decided' in value) console.log(value.start, value.end, value.pause);
 *   });
 * ```
 */
export function segment(
  options: SegmentOptions,
): OperatorFunction<SegmenterInput, SegmenterOutput> {
  const create = () => createSegmenter(options);
  create(); // so that misuse throws here, not at the first subscription
  return stateful(create);
}
