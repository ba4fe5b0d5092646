import { between, checkNumber, saying, whole } from '../core/check.ts';
import { isControl } from '../core/types.ts';
import type {
  Control,
  FeatureBlock,
  ProvisionalSegments,
  Rate,
  Segment,
  SetRate,
} from '../core/types.ts';
import { tokenFrom } from '../core/time.ts';
import { PipelineError } from '../core/errors.ts';
import { createDeadline, MAX_UNDECIDED_TOKENS } from './deadline.ts';
import { checkFeatureBlock } from './featureBlock.ts';
import type { Machine } from '../core/machine.ts';
import { createSpeechTeller } from './pauses.ts';
import { checkBoundaryConfig, settingFor, type BoundaryConfig } from './rateDial.ts';
import { createRateHold } from './rateHold.ts';
import { createRateSchedule } from './rateSchedule.ts';
import { MAX_SAVED_TOKEN, type Saved } from '../core/savedState.ts';
import { createSegmentSearch } from './segmentSearch.ts';
import { createSegmentWriter } from './segmentWriter.ts';
import { createTokenRing } from './tokenRing.ts';

/** What the segmenter takes from a bundle. */
export interface SegmenterConfig extends BoundaryConfig {
  /** Tokens dropped on each side of a segment before the mean, 0 or more. */
  readonly trimTokens: number;
  /** D. */
  readonly featureWidth: number;
  /** Tokens of an encoder chunk; how much later the next block comes. Default 8. */
  readonly chunkTokens?: number | undefined;
}

/** Options of `createSegmenter`. */
export interface SegmenterOptions {
  readonly config: SegmenterConfig;
  /** Where the dial stands at first. Default `natural`. */
  readonly rate?: Rate | undefined;
  /**
   * Audio milliseconds after a place by which it is decided whether a boundary lies there; 0 or more, `Infinity` allowed.
   * Default 800. Never sooner than the encoder gives the token, so its own lag is the least that can be had.
   */
  readonly maxDelayMs?: number | undefined;
  /** Also return the provisional tail after each block. Default false. */
  readonly partials?: boolean | undefined;
  /** Hold the stream to the asked rate by a slow controller on λ. Default false. */
  readonly holdRate?: boolean | undefined;
  /** False switches pruning off, for tests: the same boundaries, later commits. Default true. */
  readonly prune?: boolean | undefined;
}

/** What goes into the segmenter. */
export type SegmenterInput = FeatureBlock | Control;
/** What comes out of it. */
export type SegmenterOutput = Segment | ProvisionalSegments | Control;

/** A segmenter that can go on from a thin state. */
export interface Segmenter extends Machine<SegmenterInput, SegmenterOutput> {
  /** The first token whose features it keeps; the next one that comes where it keeps none. */
  readonly firstKept: number;
  /** After a thin state: takes a block that came before it again, for the features of what is undecided. */
  refill(block: FeatureBlock): void;
  /** After a thin state: all blocks before it have come again. Throws `SYLSTREAM_ERR_ENCODER` where they have not. */
  refilled(): void;
}

/** Milliseconds of the default `maxDelayMs`. */
export const DEFAULT_MAX_DELAY_MS = 800;
/**
 * Makes the online segmenter: encoder features in, segments out as soon as each is certain.
 *
 * One block must be one encoder chunk: commits are looked for after each block, and `decided` is the block's
 * `availableSample`. `scratch` blocks wait for the `Flush` (or the end) that they belong to. A turn of the dial holds for
 * the boundaries (λ) and the segments that start (w and `even`) from its token on, or from the first place that is not decided.
 *
 * Keeps the features of what is undecided, at most about `maxDelayMs` and one segment more, and never over
 * `MAX_UNDECIDED_TOKENS` + one segment. Throws `RangeError` for options out of range; `push` throws
 * `SYLSTREAM_ERR_ENCODER` for a block that does not fit, and `RangeError` for a rate outside of the dial.
 */
export function createSegmenter(options: SegmenterOptions): Segmenter {
  const { config, partials = false, holdRate = false } = options;
  const { rate = 'natural', maxDelayMs = DEFAULT_MAX_DELAY_MS, prune = true } = options;
  const { featureWidth: width, minTokens, maxTokens, trimTokens, chunkTokens = 8 } = config;
  const { shiftSamples } = config;
  checkOptions(config, maxDelayMs, chunkTokens);
  const schedule = createRateSchedule(settingFor(config, rate));
  const hold = holdRate ? createRateHold(config) : undefined;
  const ring = createTokenRing(width);
  const search = createSegmentSearch(ring, { width, minTokens, maxTokens, prune });
  const speechTeller = createSpeechTeller();
  const deadline = createDeadline({ maxDelayMs, chunkTokens, shiftSamples });
  const writer = createSegmentWriter({
    ring,
    search,
    width,
    trimTokens,
    shiftSamples,
    onDecided(segment, tokens) {
      hold?.count(tokens, segment.pause);
      schedule.dropBefore(search.root);
    },
  });
  /** What is saved, the ring before the search that reads it. */
  const parts: readonly Saved[] = [
    schedule,
    ...(hold ? [hold] : []),
    speechTeller,
    ring,
    search,
    writer,
  ];
  let expected = 0; // the token that the next block begins with
  let available = 0; // availableSample of the last block
  let scratch: FeatureBlock | undefined;
  let openFrom = 0; // it is decided that no boundary lies between the root and this node
  let showsTail = false; // a provisional tail stands
  let missing: number | undefined; // the token whose features a thin state wants next

  const takeRow = (block: FeatureBlock, i: number): void => {
    const token = block.firstToken + i;
    const speech = speechTeller.of(block, i);
    if (token < ring.end) return; // a flush has decided it
    const logit = block.boundary?.[i] ?? 0;
    const setting = schedule.at(token);
    const added = hold?.correct(token, setting.hz) ?? 0;
    ring.push(
      {
        logit: Math.min(config.logitClamp, Math.max(-config.logitClamp, logit)),
        speech,
        w: setting.w,
        lambda: setting.lambda + added,
        even: setting.even ?? 0,
      },
      block.features,
      i * width,
    );
    search.step();
  };

  /** Searches again from the root over the tokens that the ring holds. */
  const replay = (): void => {
    search.restart(search.root, openFrom);
    while (search.next < ring.end) search.step();
  };

  const decideCertain = (): Segment[] =>
    writer.decide(search.path(search.ancestor()), available, false);

  /** Decides what the next block would come too late for, on the best path now, and searches on from there. */
  const decideLate = (): Segment[] => {
    const limit = deadline(available, search.root, search.next - 1);
    if (limit <= search.root) return [];
    const live = search.liveUpTo(limit);
    const best = search.bestOpen();
    const last = live.find(({ start }) => start === best)?.last ?? search.root;
    if (live.every((path) => path.last === last)) return [];
    const through = (node: number): boolean =>
      last === search.root || search.path(node).includes(last);
    const closesOthers = live.some((path) => path.last > last && through(path.last));
    const segments = writer.decide(search.path(last), available, true);
    if (closesOthers) writer.ruleOut();
    openFrom = limit + 1;
    replay();
    return segments;
  };

  const tail = (): number[] =>
    search.next > search.root ? [...search.path(search.bestOpen()), search.next] : [];

  const provisional = (nodes: readonly number[]): ProvisionalSegments[] => {
    if (!partials || (nodes.length === 0 && !showsTail)) return [];
    showsTail = nodes.length > 0;
    return [{ from: writer.index, provisional: writer.sketch(nodes, available) }];
  };

  /** Decides all that has come, scratch too; under `minTokens` are kept, unless it is the end. */
  const decideAll = (atEnd: boolean): Segment[] => {
    const end = scratch === undefined ? ring.end : scratch.firstToken + scratch.tokens;
    const decided = Math.max(available, scratch?.availableSample ?? 0);
    if (end <= search.root || (end - search.root < minTokens && !atEnd)) {
      scratch = undefined;
      return [];
    }
    for (let i = 0; i < (scratch?.tokens ?? 0); i++) takeRow(scratch!, i);
    scratch = undefined;
    const whole = search.bestClosed();
    const nodes = search.path(whole ?? search.cheapest());
    if (whole !== undefined || atEnd) nodes.push(end);
    const segments = writer.decide(nodes, decided, false);
    ring.dropFrom(expected); // scratch rows come again
    if (search.root >= expected) ring.restart(search.root);
    replay();
    return segments;
  };

  const turn = (control: SetRate): void => {
    const setting = settingFor(config, control.rate);
    const asked = control.fromSample === undefined ? 0 : tokenFrom(control.fromSample);
    const from = Math.max(asked, search.root + 1, openFrom);
    schedule.turn(setting, from);
    if (from >= ring.end) return;
    const { w, even = 0 } = setting;
    const weights = { w, lambda: setting.lambda + (hold?.added ?? 0), even };
    for (let token = from; token < ring.end; token++) ring.setWeights(token, weights);
    replay();
  };

  return {
    get firstKept() {
      return ring.first;
    },
    refill({ firstToken, tokens, features }) {
      if (missing === undefined) return;
      const from = Math.max(ring.first, firstToken);
      const end = Math.min(ring.end, firstToken + tokens);
      for (let token = from; token < end; token++)
        ring.fill(token, features, (token - firstToken) * width);
      if (from <= missing) missing = Math.max(missing, end);
    },
    refilled() {
      if (missing !== undefined && missing < ring.end)
        throw new PipelineError(
          'SYLSTREAM_ERR_ENCODER',
          `no features of token ${missing} came again`,
        );
      missing = undefined;
      search.refilled();
    },
    push(value) {
      if (isControl(value)) {
        if (value.control === 'rate') {
          turn(value);
          return [value];
        }
        const segments = decideAll(false);
        return [...segments, ...provisional([]), value];
      }
      checkFeatureBlock(value, width, expected);
      if (value.scratch) {
        scratch = value;
        return [];
      }
      for (let i = 0; i < value.tokens; i++) takeRow(value, i);
      expected += value.tokens;
      available = value.availableSample;
      const segments = [...decideCertain(), ...decideLate(), ...decideCertain()];
      return [...segments, ...provisional(partials ? tail() : [])];
    },
    flush() {
      return [...decideAll(true), ...provisional([])];
    },
    save(to) {
      to.numbers(expected, available, openFrom, Number(showsTail));
      for (const part of parts) part.save(to);
    },
    restore(from) {
      expected = from.integer(0, MAX_SAVED_TOKEN);
      available = from.integer(0, MAX_SAVED_TOKEN);
      openFrom = from.integer(0, MAX_SAVED_TOKEN);
      showsTail = from.flag();
      for (const part of parts) part.restore(from);
      if (ring.end > ring.first && ring.end !== expected)
        throw new RangeError(
          `expected a saved state up to token ${expected}, got one up to ${ring.end}`,
        );
      if (ring.first > expected + MAX_UNDECIDED_TOKENS)
        throw new RangeError('expected what is decided near the saved end, got it far behind');
      if (openFrom > Math.max(expected, ring.end))
        throw new RangeError('expected openFrom within a saved state, got one behind it');
      if (from.isThin) missing = ring.first;
    },
  };
}

function checkOptions(config: SegmenterConfig, maxDelayMs: number, chunkTokens: number): void {
  checkBoundaryConfig(config);
  const { featureWidth, trimTokens } = config;
  checkNumber('maxDelayMs', maxDelayMs, saying(between(0), '0 or more milliseconds, or Infinity'));
  checkNumber('config.featureWidth', featureWidth, whole(1));
  checkNumber('config.trimTokens', trimTokens, whole(0));
  checkNumber('config.chunkTokens', chunkTokens, whole(1));
}
