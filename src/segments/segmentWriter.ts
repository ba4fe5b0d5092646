import type { Segment } from '../core/types.ts';
import { boundarySample } from '../core/time.ts';
import { MAX_SAVED_TOKEN, type Saved } from '../core/savedState.ts';
import { isPause } from './pauses.ts';
import { meanOfInnerTokens } from './pooling.ts';
import type { SegmentSearch } from './segmentSearch.ts';
import type { TokenRing } from './tokenRing.ts';

/** Options of `createSegmentWriter`. */
export interface SegmentWriterOptions {
  readonly ring: TokenRing;
  readonly search: SegmentSearch;
  readonly width: number;
  readonly trimTokens: number;
  readonly shiftSamples: number;
  /** Called for each decided segment. */
  readonly onDecided: (segment: Segment, tokens: number) => void;
}

/** Turns nodes of the search into numbered segments. */
export interface SegmentWriter extends Saved {
  /** The number that the next decided segment gets. */
  readonly index: number;
  /** Decides that the boundaries after the root are `nodes`; the search goes on from the last one. */
  decide(nodes: readonly number[], decided: number, forced: boolean): Segment[];
  /** The same segments as they look now, without deciding anything. */
  sketch(nodes: readonly number[], decided: number): Segment[];
  /** Says that some place after the root was ruled out by force: whatever segment begins at the root is forced. */
  ruleOut(): void;
}

/** Makes a writer that begins with number 0. */
export function createSegmentWriter(options: SegmentWriterOptions): SegmentWriter {
  const { ring, search, width, trimTokens, shiftSamples, onDecided } = options;
  let index = 0;
  let ruledOut = false;

  const describe = (
    start: number,
    end: number,
    rest: Pick<Segment, 'index' | 'decided' | 'forced'>,
  ): Segment => ({
    index: rest.index,
    start: boundarySample(start, shiftSamples),
    end: boundarySample(end, shiftSamples),
    decided: rest.decided,
    forced: rest.forced || (ruledOut && start === search.root),
    pause: isPause(ring, start, end),
    vector: meanOfInnerTokens(ring, { start, end }, { width, trimTokens }),
  });

  return {
    get index() {
      return index;
    },
    decide(nodes, decided, forced) {
      return nodes.map((end) => {
        const start = search.root;
        const segment = describe(start, end, { index, decided, forced });
        index += 1;
        ruledOut = false;
        search.commit(end);
        ring.dropBefore(end);
        onDecided(segment, end - start);
        return segment;
      });
    },
    sketch(nodes, decided) {
      return nodes.map((end, i) => {
        const start = i === 0 ? search.root : nodes[i - 1];
        return describe(start, end, { index: index + i, decided, forced: false });
      });
    },
    ruleOut() {
      ruledOut = true;
    },
    save: (to) => to.numbers(index, Number(ruledOut)),
    restore(from) {
      index = from.integer(0, MAX_SAVED_TOKEN);
      ruledOut = from.flag();
    },
  };
}
