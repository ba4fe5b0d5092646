import { concat, concatMap, defer, finalize, from, type OperatorFunction } from 'rxjs';
import { createChunker, tokenLevels } from '../models/chunker.ts';
import type { EncoderBackend, EncoderRows } from '../models/encoder.ts';
import { isControl, type Control, type FeatureBlock, type MelBlock } from '../types.ts';
import { FRAMES_PER_TOKEN, MEL_BINS, samplesForTokens } from '../units.ts';

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
  const { chunkTokens, delayTokens, featureWidth } = encoder.shape;
  const session = encoder.open();
  const chunker = createChunker({ chunkTokens, ...mel });
  let firstToken = 0;
  /** Levels of the `delayTokens` tokens before the chunk: the outputs speak of them. */
  let recentLevels = new Float32Array(delayTokens);

  /** Levels of the recent tokens and the chunk's, `[delayTokens + n]`: one a row that comes out. */
  function levelsWith(chunk: Float32Array): Float32Array<ArrayBuffer> {
    return new Float32Array([...recentLevels, ...tokenLevels(chunk, mel)]);
  }

  /** Row 0 speaks of token `first − delayTokens`; rows before the stream's first token say nothing. */
  function blockOf(rows: EncoderRows, levels: Float32Array, scratch: boolean): FeatureBlock {
    const first = firstToken;
    const count = rows.features.length / featureWidth;
    const skip = Math.min(count, Math.max(0, delayTokens - first));
    const last = first + count - (scratch ? delayTokens : 0);
    return {
      firstToken: first - delayTokens + skip,
      tokens: count - skip,
      features: rows.features.subarray(skip * featureWidth),
      ...(rows.boundary && { boundary: rows.boundary.subarray(skip) }),
      ...(rows.speech && { speech: rows.speech.subarray(skip) }),
      level: levels.subarray(skip, count),
      availableSample: samplesForTokens(last),
      scratch,
    };
  }

  async function* flush(): AsyncGenerator<FeatureBlock> {
    const rest = chunker.rest();
    const tokens = rest.length / (FRAMES_PER_TOKEN * MEL_BINS);
    if (firstToken + tokens === 0) return;
    const block = blockOf(await session.scratch(rest), levelsWith(rest), true);
    if (block.tokens > 0) yield block;
  }

  async function* push(value: MelBlock | Control): AsyncGenerator<FeatureBlock | Control> {
    if (isControl(value)) {
      if (value.control === 'flush') yield* flush();
      yield value;
      return;
    }
    for (const chunk of chunker.push(value)) {
      const levels = levelsWith(chunk);
      const block = blockOf(await session.step(chunk), levels, false);
      firstToken += chunkTokens;
      recentLevels = levels.slice(chunkTokens);
      onProgress?.(block.availableSample);
      if (block.tokens > 0) yield block;
    }
  }

  return { push, flush, release: () => session.release() };
}
