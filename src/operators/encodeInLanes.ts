import { concat, concatMap, defer, finalize, from, map, type OperatorFunction } from 'rxjs';
import { turn } from '../core/turn.ts';
import { isControl, type Control, type FeatureBlock, type MelBlock } from '../core/types.ts';
import type { EncoderBackend, EncoderRows } from '../models/encoder/encoder.ts';
import { createEncoderFeed, type EncoderWork } from '../models/encoder/encoderFeed.ts';
import { createEncoderLanes, type LaneOptions } from '../models/encoder/encoderLanes.ts';
import type { EncodeOptions } from './encode.ts';

/** A step under way. */
interface Started {
  readonly work: EncoderWork;
  readonly rows: Promise<EncoderRows>;
}

/**
 * What `encode()` gives, bit for bit, for a source that is there as a whole: several places of it are encoded at the same
 * time, in the same batches and on all inference threads, and come out in order. It holds what lies between the first place
 * and the last, 1 KiB a token and feature row of 256, so its source needs a gate that lets so much come ahead.
 *
 * In, out and errors: those of `encode()`; `onProgress` is told of what has come out.
 */
export function encodeInLanes(
  encoder: EncoderBackend,
  { mel, onProgress, ...lanes }: EncodeOptions & LaneOptions,
): OperatorFunction<MelBlock | Control, FeatureBlock | Control> {
  return function encodeInLanesOperator(source) {
    return defer(() => {
      const feed = createEncoderFeed(encoder.shape, mel);
      const encoding = createEncoderLanes(encoder, lanes);
      const start = (works: readonly (EncoderWork | Control)[]): (Started | Control)[] =>
        works.map((work) => (isControl(work) ? work : { work, rows: encoding.push(work) }));

      async function* finish(
        started: readonly (Started | Control)[],
      ): AsyncGenerator<FeatureBlock | Control> {
        for (const one of started) {
          if (isControl(one)) {
            yield one;
            continue;
          }
          const { work, rows } = one;
          const block = feed.block(work, await rows);
          if (!work.scratch) onProgress?.(feed.encodedSample(work));
          if (block) yield block;
          await turn(); // what is done already comes at once: the threads' answers must not wait for all of it
        }
      }

      return concat(
        source.pipe(
          map((value) => start(feed.push(value))),
          concatMap((started) => from(finish(started))),
        ),
        defer(() => from(finish(start(feed.flush())))),
      ).pipe(finalize(() => encoding.release()));
    });
  };
}
