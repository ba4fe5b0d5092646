import type { OperatorFunction } from 'rxjs';
import { createSegmenter, type SegmenterInput, type SegmenterOutput } from '../dsp/boundaries.ts';
import type { BoundaryConfig } from '../dsp/rateDial.ts';
import type { Rate } from '../types.ts';
import { stateful } from './stateful.ts';

/** Options of `segment()`. */
export interface SegmentOptions {
  /** The bundle's `config.json`, or these parts of it. */
  readonly config: {
    readonly boundaries: BoundaryConfig;
    readonly units: { readonly trimTokens: number };
    readonly encoder: { readonly featureWidth: number; readonly chunkTokens: number };
  };
  /** Where the dial stands at first: `natural` (default) or units per second of non-pause within the bundle's numbers. */
  readonly rate?: Rate | undefined;
  /** Audio milliseconds by which every place is decided, certain or not: 0 or more, `Infinity` allowed; default 800. */
  readonly maxDelayMs?: number | undefined;
  /** Also emit the provisional tail after each block; default false. */
  readonly partials?: boolean | undefined;
  /** Hold the stream to the asked rate by a slow controller on λ; default false. */
  readonly holdRate?: boolean | undefined;
}

/**
 * Cuts encoder features into syllable-like segments and pauses, each as soon as it is certain.
 *
 * Minimises Σ (w·C + λ − g) over segments of `minTokens` to `maxTokens` tokens, where C is the spread of the features within
 * a segment and g the boundary logit at its end. A boundary is emitted when every path that can still win runs through it,
 * so the segments are those of a search over the whole recording; only what `maxDelayMs` forces may differ, and says so
 * (`forced`). A flush decides all that has come. The dial turns at its place in the audio.
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
 * const { config } = models.bundle;
 * mel$
 *   .pipe(encode(models.encoder, { mel: config.mel }), segment({ config, maxDelayMs: 600 }))
 *   .subscribe((value) => {
 *     if ('decided' in value) console.log(value.start, value.end, value.pause);
 *   });
 * ```
 */
export function segment(
  options: SegmentOptions,
): OperatorFunction<SegmenterInput, SegmenterOutput> {
  const { boundaries, units, encoder } = options.config;
  const { featureWidth, chunkTokens } = encoder;
  const config = { ...boundaries, trimTokens: units.trimTokens, featureWidth, chunkTokens };
  const create = () => createSegmenter({ ...options, config });
  create(); // so that misuse throws here, not at the first subscription
  return stateful(create);
}
