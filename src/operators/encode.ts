import { concat, concatMap, defer, finalize, from, type OperatorFunction } from 'rxjs';
import type { EncoderBackend } from '../models/encoder/encoder.ts';
import { createEncoderFeed, type EncoderWork } from '../models/encoder/encoderFeed.ts';
import { isControl, type Control, type FeatureBlock, type MelBlock } from '../core/types.ts';

/** Options of `encode()`. */
export interface EncodeOptions {
  /** Mel statistics of the bundle: frames are normalised to 0.5 · (logmel − mean) / std. */
  readonly mel: { readonly mean: number; readonly std: number };
  /** Called when all audio up to this sample (at 16 kHz) has been encoded: what a source may wait for. */
  readonly onProgress?: ((sample: number) => void) | undefined;
}

/**
 * Turns log-mel frames into encoder features, in order, one step of a stream in flight.
 *
 * Keeps, per subscription, one session of the encoder (its keys and values) and the frames of the chunk that
 * is not whole yet. Frames are grouped into encoder chunks of c tokens whatever the blocks; each chunk gives
 * one block of c tokens, `delayTokens` back (fewer at the start). On a flush, and at the end, the partial
 * chunk runs as scratch and gives one block of all tokens so far, marked `scratch`; the session's state stays
 * as it was, so a stream that goes on does so upon the unchanged chunk grid. The session is released on
 * completion, error and unsubscription alike.
 *
 * `concatMap`, because order and state matter.
 *
 * In: `MelBlock` `[T, 128]`. Out: `FeatureBlock` `[c, D]` with its logits. Controls pass at their place.
 *
 * Errors: `SYLSTREAM_ERR_ENCODER` (this stream's step failed), `SYLSTREAM_ERR_WORKER`, `SYLSTREAM_ERR_CLOSED`.
 *
 * @example
 * const models = await loadModels();
 * fromPcm(samples)
 *   .pipe(logMel(), encode(models.encoder, { mel: models.bundle.config.mel }))
 *   .subscribe((block) => console.log(block));
 */
export function encode(
  encoder: EncoderBackend,
  options: EncodeOptions,
): OperatorFunction<MelBlock | Control, FeatureBlock | Control> {
  return function encodeOperator(source) {
    return defer(() => {
      const stream = createEncoderStream(encoder, options);
      return concat(
        source.pipe(concatMap((value) => from(stream.push(value)))),
        defer(() => from(stream.flush())),
      ).pipe(finalize(() => stream.release()));
    });
  };
}

function createEncoderStream(encoder: EncoderBackend, { mel, onProgress }: EncodeOptions) {
  const feed = createEncoderFeed(encoder.shape, mel);
  const session = encoder.open();

  async function* run(
    works: Iterable<EncoderWork | Control>,
  ): AsyncGenerator<FeatureBlock | Control> {
    for (const work of works) {
      if (isControl(work)) {
        yield work;
        continue;
      }
      const rows = await (work.scratch ? session.scratch(work.mel) : session.step(work.mel));
      const block = feed.block(work, rows);
      if (!work.scratch) onProgress?.(feed.encodedSample(work));
      if (block) yield block;
    }
  }

  return {
    push: (value: MelBlock | Control) => run(feed.push(value)),
    flush: () => run(feed.flush()),
    release: () => session.release(),
  };
}
