import { Subject } from 'rxjs';
import type { Machine } from '../../src/core/machine.ts';
import { createLogMelFrame, type LogMelFrame } from '../../src/mel/mel.ts';
import { meanOfInnerTokens } from '../../src/segments/pooling.ts';
import { createTokenRing } from '../../src/segments/tokenRing.ts';
import { createChunker, type Chunker } from '../../src/models/encoder/chunker.ts';
import { createCodebook, type Codebook } from '../../src/models/codebook/codebook.ts';
import { stateful } from '../../src/operators/stateful.ts';
import { HOP_SAMPLES, MEL_BINS, WINDOW_SAMPLES } from '../../src/core/time.ts';
import { createPlainChunker } from '../../test/helpers/reference/chunker.ts';
import { createPlainCodebook } from '../../test/helpers/reference/codebook.ts';
import { createPlainLogMelFrame } from '../../test/helpers/reference/logMelFrame.ts';
import { plainMeanOfInnerTokens } from '../../test/helpers/reference/pooling.ts';
import { plainStateful } from '../../test/helpers/reference/stateful.ts';
import type { HotCase } from './hotCase.ts';
import type { Material } from './material.ts';
import { messageCases } from './messageCases.ts';

/** Chunks of 20 ms: what a live stream sends. */
const CHUNKS_PER_SECOND = 50;

/** The functions that a stream's second goes into, beside the encoder. */
export function hotCases(material: Material): HotCase[] {
  return [
    naming(material),
    logMel(material),
    means(material),
    chunks(material),
    machines(material),
    ...messageCases(material.seconds),
  ];
}

function naming({ tensors, segments, seconds }: Material): HotCase {
  const run =
    (codebook: Pick<Codebook, 'assign'>): (() => void) =>
    () =>
      segments.forEach(({ vector }) => codebook.assign(vector));
  return {
    name: `naming a segment, ${(segments.length / seconds).toFixed(1)} a second`,
    before: run(createPlainCodebook(tensors)),
    now: run(createCodebook(tensors)),
  };
}

function logMel({ samples }: Material): HotCase {
  const out = new Float32Array(MEL_BINS);
  const run =
    (frame: LogMelFrame): (() => void) =>
    () => {
      for (let at = 0; at + WINDOW_SAMPLES <= samples.length; at += HOP_SAMPLES) {
        frame(samples.subarray(at, at + WINDOW_SAMPLES), out, 0);
      }
    };
  return {
    name: 'log-mel, 100 frames a second',
    before: run(createPlainLogMelFrame()),
    now: run(createLogMelFrame()),
  };
}

/** Of segments of 10 tokens, decided or as they look now: about as many as a stream with provisional units. */
function means({ blocks, config }: Material): HotCase {
  const { featureWidth: width, trimTokens } = config;
  const ring = createTokenRing(width);
  for (const { tokens, features } of blocks) {
    for (let i = 0; i < tokens; i++) {
      ring.push({ logit: 0, speech: 0, w: 1, lambda: 0, even: 0 }, features, i * width);
    }
  }
  const run =
    (mean: typeof meanOfInnerTokens): (() => void) =>
    () => {
      for (let start = 0; start + 10 <= ring.end; start += 5) {
        mean(ring, { start, end: start + 10 }, { width, trimTokens });
      }
    };
  return {
    name: "segments' means, 10 a second",
    before: run(plainMeanOfInnerTokens),
    now: run(meanOfInnerTokens),
  };
}

function chunks({ logMel: mel, config, mel: statistics }: Material): HotCase {
  const run =
    (
      create: (options: Parameters<typeof createChunker>[0]) => Pick<Chunker, 'push'>,
    ): (() => void) =>
    () => {
      const chunker = create({ chunkTokens: config.chunkTokens ?? 8, ...statistics });
      for (let at = 0; at + 2 * MEL_BINS <= mel.length; at += 2 * MEL_BINS) {
        chunker.push({ firstFrame: 0, frames: 2, mel: mel.subarray(at, at + 2 * MEL_BINS) });
      }
    };
  return {
    name: "log-mel into the encoder's chunks",
    before: run(createPlainChunker),
    now: run(createChunker),
  };
}

/** Three machines that do nothing, one after another, as in the pipeline before the encoder: what RxJS costs. */
function machines({ seconds }: Material): HotCase {
  const idle = (): Machine<number, number> => ({
    *push(value) {
      yield value;
    },
    flush: () => [],
  });
  const run = (adapt: typeof stateful): (() => void) => {
    const source$ = new Subject<number>();
    source$.pipe(adapt(idle), adapt(idle), adapt(idle)).subscribe();
    return () => {
      for (let i = 0; i < seconds * CHUNKS_PER_SECOND; i++) source$.next(i);
    };
  };
  return {
    name: 'three machines behind RxJS, 50 chunks a second',
    before: run(plainStateful),
    now: run(stateful),
  };
}
