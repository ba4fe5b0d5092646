import {
  createEncoderFeed,
  type EncoderFeed,
  type EncoderWork,
} from '../../models/encoder/encoderFeed.ts';
import type { EncoderRows, EncoderShape } from '../../models/encoder/encoder.ts';
import { FRAMES_PER_TOKEN, HOP_SAMPLES, MEL_BINS, WINDOW_SAMPLES } from '../../core/time.ts';
import type { FeatureBlock, MelBlock } from '../../core/types.ts';

/** The steps of a stream from elsewhere that are done again, before its own go on. */
export interface Refill {
  /** What the encoder has to do for these frames: again up to the token, its own steps behind it. */
  push(block: MelBlock): EncoderWork[];
  /** What the rows of a step that was done again say. */
  block(work: EncoderWork, rows: EncoderRows): FeatureBlock | undefined;
  /** Whether it was the last one. */
  isLast(work: EncoderWork): boolean;
}

/** Makes the steps from chunk `from` up to `token` again; what comes behind goes into `feed`. */
export function createRefill(
  range: { readonly from: number; readonly token: number },
  feed: EncoderFeed,
  shape: EncoderShape,
  mel: { readonly mean: number; readonly std: number },
): Refill {
  const { from, token } = range;
  const again = createEncoderFeed(shape, mel, { firstToken: from });
  return {
    push(block) {
      const left = FRAMES_PER_TOKEN * token - block.firstFrame;
      if (left <= 0) return feed.push(block) as EncoderWork[];
      const [past, own] = splitBlock(block, left);
      const works = (again.push(past) as EncoderWork[]).map((work) => ({
        ...work,
        knownTokens: work.firstToken - from,
      }));
      return own ? [...works, ...(feed.push(own) as EncoderWork[])] : works;
    },
    block: again.block,
    isLast: ({ firstToken }) => firstToken + shape.chunkTokens === token,
  };
}

function splitBlock(block: MelBlock, frames: number): [MelBlock, MelBlock | undefined] {
  if (block.frames <= frames) return [block, undefined];
  const { firstFrame, mel, wave } = block;
  const at = frames * MEL_BINS;
  const sample = frames * HOP_SAMPLES;
  const past = wave?.subarray(0, sample - HOP_SAMPLES + WINDOW_SAMPLES);
  return [
    { firstFrame, frames, mel: mel.subarray(0, at), wave: past },
    {
      firstFrame: firstFrame + frames,
      frames: block.frames - frames,
      mel: mel.subarray(at),
      wave: wave?.subarray(sample),
    },
  ];
}
