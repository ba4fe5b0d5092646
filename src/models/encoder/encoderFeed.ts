import { isControl, type Control, type FeatureBlock, type MelBlock } from '../../core/types.ts';
import { MAX_SAVED_TOKEN, type StateReader, type StateWriter } from '../../core/savedState.ts';
import { samplesForTokens } from '../../core/time.ts';
import type { Chunk } from './chunk.ts';
import { createChunks } from './chunks.ts';
import type { EncoderRows, EncoderShape } from './encoder.ts';
import { melRowLength, melRowTokens } from './melRow.ts';

/** One step that the encoder has to do for a stream. */
export interface EncoderWork {
  /** `[before + 2n, 128]` normalised log-mel, or a wave `[320n + 240]`; a whole chunk (n = c), or 0 to c − 1 tokens of a flush. */
  readonly mel: Float32Array;
  /** The chunk's first token. */
  readonly firstToken: number;
  /** `[delayTokens + n]`: the level of the token that each row speaks of. */
  readonly levels: Float32Array;
  /** A flush: padded with `delayTokens` masked tokens, nothing of it is kept. */
  readonly scratch: boolean;
  /** How many tokens before it there are keys and values of, where that is not all of them: the step is done again. */
  readonly knownTokens?: number | undefined;
}

/**
 * One stream's way from mel frames to the encoder and back, without the encoder itself: groups frames into chunks upon a
 * fixed grid, and makes feature blocks of the rows that come out.
 */
export interface EncoderFeed {
  /** What the encoder has to do for these frames, and the controls at their place: a flush before its control. */
  push(value: MelBlock | Control): (EncoderWork | Control)[];
  /** The partial chunk as scratch, for the end of the stream; nothing where no whole token has come. */
  flush(): EncoderWork[];
  /** The block of the rows that the encoder gave for a step; undefined while they speak of nothing yet. */
  block(work: EncoderWork, rows: EncoderRows): FeatureBlock | undefined;
  /** The sample up to which all audio is encoded after a step. */
  encodedSample(work: EncoderWork): number;
  /** Writes what a feed needs to go on after a step, or, where it has done none, what it went on from: with `restore`, the frames from there on come again. */
  save(to: StateWriter, after: EncoderWork | undefined): void;
  /** Goes on after the saved step; returns the token whose frames are expected next. */
  restore(from: StateReader): number;
}

/** What a feed goes on from: its next token, the levels of those before it, the frames that the next chunk repeats. */
interface FeedState {
  readonly token: number;
  readonly levels: Float32Array;
  readonly before: Float32Array;
}

/**
 * Makes the feed of one stream. `mel`: the bundle's statistics, frames are normalised to 0.5 · (logmel − mean) / std.
 * `firstToken`: the token whose frames come first, the first of a chunk; 0 by default.
 */
export function createEncoderFeed(
  shape: EncoderShape,
  mel: { readonly mean: number; readonly std: number },
  { firstToken: begin = 0 }: { readonly firstToken?: number } = {},
): EncoderFeed {
  const { chunkTokens, delayTokens, featureWidth } = shape;
  const repeated = melRowLength(shape, 0);
  const chunks = createChunks(shape, mel);
  let firstToken = begin;
  /** Levels of the `delayTokens` tokens before the chunk: the outputs speak of them. */
  let recentLevels = new Float32Array(delayTokens);
  /** Where it stood before its own first step. */
  let begun: FeedState = { token: begin, levels: recentLevels, before: new Float32Array(repeated) };

  function workOf(chunk: Chunk, scratch: boolean): EncoderWork {
    const levels = new Float32Array(delayTokens + chunk.levels.length);
    levels.set(recentLevels);
    levels.set(chunk.levels, delayTokens);
    return { mel: chunk.row, firstToken, levels, scratch };
  }

  function step(chunk: Chunk): EncoderWork {
    const work = workOf(chunk, false);
    firstToken += chunkTokens;
    recentLevels = work.levels.slice(chunkTokens);
    return work;
  }

  function flush(): EncoderWork[] {
    const rest = chunks.rest();
    return firstToken + rest.levels.length === 0 ? [] : [workOf(rest, true)];
  }

  const stateAfter = ({ firstToken: first, levels, mel: chunk }: EncoderWork): FeedState => ({
    token: first + chunkTokens,
    levels: levels.slice(chunkTokens),
    before: chunk.slice(chunk.length - repeated),
  });
  const tokensOf = ({ mel: chunk }: EncoderWork): number => melRowTokens(chunk, shape);
  const encodedSample = (work: EncoderWork): number =>
    samplesForTokens(work.firstToken + tokensOf(work));

  return {
    push(value) {
      if (!isControl(value)) return chunks.push(value).map(step);
      return value.control === 'flush' ? [...flush(), value] : [value];
    },
    flush,
    block(work, rows) {
      const count = tokensOf(work) + (work.scratch ? delayTokens : 0);
      // Row 0 speaks of token first − delayTokens; rows before the stream's first token say nothing.
      const skip = Math.min(count, Math.max(0, delayTokens - work.firstToken));
      if (skip === count) return undefined;
      return {
        firstToken: work.firstToken - delayTokens + skip,
        tokens: count - skip,
        features: rows.features.subarray(skip * featureWidth, count * featureWidth),
        ...(rows.boundary && { boundary: rows.boundary.subarray(skip, count) }),
        ...(rows.speech && { speech: rows.speech.subarray(skip, count) }),
        level: work.levels.subarray(skip, count),
        availableSample: encodedSample(work),
        scratch: work.scratch,
      };
    },
    encodedSample,
    save(to, after) {
      const { token, levels, before } = after === undefined ? begun : stateAfter(after);
      to.numbers(token);
      to.float32s(levels);
      to.float32s(before);
    },
    restore(from) {
      firstToken = from.integer(0, MAX_SAVED_TOKEN);
      recentLevels = from.float32s(delayTokens);
      const before = from.float32s(repeated);
      chunks.goOn(before);
      begun = { token: firstToken, levels: recentLevels, before };
      return firstToken;
    },
  };
}
