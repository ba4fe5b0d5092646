import { COST_STEP, toCostGrid } from './costGrid.ts';
import type { Saved, StateReader } from '../core/savedState.ts';
import { createSegmentCost } from './segmentCost.ts';
import type { TokenRing } from './tokenRing.ts';

/** The sizes of the search. */
export interface SegmentSearchOptions {
  /** D, numbers in a token's features. */
  readonly width: number;
  /** Shortest segment in tokens. */
  readonly minTokens: number;
  /** Longest segment in tokens. */
  readonly maxTokens: number;
  /** False keeps every start to its last possible end: the same result, more work and later commits. Default true. */
  readonly prune?: boolean;
}

/**
 * The dynamic programme (docs/bundle.md, boundaries) over the tokens of a ring: minimises Σ (w·C + e·n² + λ − g) over the segments of a
 * path that begins at `root`, n tokens each. w and e are those of the segment's first token; λ and g are those of the
 * boundary at its end.
 * *Node* t is the boundary before token t; it is judged when token t, and with it g_t, is there.
 */
export interface SegmentSearch extends Saved {
  /** Where the path begins: the last boundary that is decided. */
  readonly root: number;
  /** The token that comes next. */
  readonly next: number;
  /** How many starts the future can still continue from. */
  readonly live: number;
  /** Begins at node `root` and takes the ring's tokens from there; no boundary may lie after it and before `openFrom`. */
  restart(root: number, openFrom: number): void;
  /** Takes token `next`, which the ring must hold. */
  step(): void;
  /** Makes `node`, which must lie on every live path, the root. */
  commit(node: number): void;
  /** The last node that all live paths share, at least `root`: what lies before it is certain. */
  ancestor(): number;
  /** The start of the last segment of the best path now; that segment is still open and may be shorter than allowed. */
  bestOpen(): number;
  /** The same if the path had to end before token `next`: undefined when no allowed segment can end there. */
  bestClosed(): number | undefined;
  /** The start of the cheapest path alone, whatever comes after it. */
  cheapest(): number;
  /** The nodes of the path to `node`, ascending, without the root. */
  path(node: number): number[];
  /** The last node at or before `limit` on the path of each live start, in the order of the starts. */
  liveUpTo(limit: number): { readonly start: number; readonly last: number }[];
  /** The ring has its features again, after a thin state was restored. */
  refilled(): void;
}

/** A start from which the future can continue. */
interface Candidate {
  readonly start: number;
  readonly w: number;
  readonly even: number;
  /** Cost of the best path to `start`. */
  cost: number;
  /** Segments from here must end before this node. */
  endsBefore: number;
}

/** Two costs nearer than this are not told apart by pruning: three roundings to the grid, and C's own. */
const PRUNE_MARGIN = 4 * COST_STEP;
const NO_PATH = 'expected a path from the root to every start in a saved state, got none';
/** How often a common amount is taken off all costs, so that sums stay exact however long the stream is. */
const REBASE_EVERY_TOKENS = 64;

/**
 * Makes a search over `ring`. The work of a step is at most `maxTokens` evaluations of C, whatever the length of the stream.
 *
 * Pruning: start s is dropped for ends from t + minTokens on once D(s) + w·C(s, t) + e·(t − s)² > D(t): neither C nor the
 * squared length grows when a segment is split, so [s, t) and [t, e) then cost less than [s, e) for every such end e, whose λ and g are the same for both. With
 * weights that differ (the dial was turned) this holds when w and e of s are not below those of t, and else s is kept.
 */
export function createSegmentSearch(ring: TokenRing, options: SegmentSearchOptions): SegmentSearch {
  const { width, minTokens, maxTokens, prune = true } = options;
  const cost = createSegmentCost(ring, width, maxTokens);
  const totals = new Float64Array(maxTokens + 1);
  let back = new Float64Array(ring.capacity); // node → the node before it on its best path
  let candidates: Candidate[] = []; // ascending in start
  let root = 0;
  let openFrom = 0;
  let next = 0;

  const fitRing = (): void => {
    if (back.length === ring.capacity) return;
    const wider = new Float64Array(ring.capacity);
    for (let node = root; node < next; node++) {
      wider[node % wider.length] = back[node % back.length];
    }
    back = wider;
  };

  const previous = (node: number): number => back[node % back.length];

  /** Cost of the best path with its last segment from candidate c to node `next`, without λ and g. */
  const reach = (c: Candidate): number =>
    c.cost + toCostGrid(c.w * cost.untilNow(c.start) + c.even * (next - c.start) ** 2);

  /** Judges node `next`; returns its cost, or Infinity when no segment can end there. */
  const judge = (): number => {
    if (next < openFrom) return Infinity;
    let best = Infinity;
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i];
      totals[i] = reach(candidate);
      if (next - candidate.start >= minTokens && totals[i] < best) {
        best = totals[i];
        back[next % back.length] = candidate.start;
      }
    }
    if (best === Infinity) return best;
    const row = ring.row(next);
    const total = best + toCostGrid(row.lambda - row.logit);
    if (prune) {
      for (let i = 0; i < candidates.length; i++) {
        const candidate = candidates[i];
        const heavy = candidate.w >= row.w && candidate.even >= row.even;
        if (heavy && totals[i] > total + PRUNE_MARGIN) {
          candidate.endsBefore = Math.min(candidate.endsBefore, next + minTokens);
        }
      }
    }
    return total;
  };

  /** Reads the next start; the newest one of a search is never pruned, so that there is a way on. */
  const readCandidate = (from: StateReader, isNewest: boolean): Candidate => {
    const before = candidates.at(-1)?.start ?? root - 1;
    const start = from.integer(Math.max(before + 1, next - maxTokens), next - 1);
    const [w, even, total] = [from.finite(), from.finite(), from.finite()];
    if (!(w > 0 && even >= 0))
      throw new RangeError('expected weights in a saved state, got others');
    const last = start + maxTokens + 1;
    return {
      start,
      w,
      even,
      cost: total,
      endsBefore: from.integer(isNewest ? last : next + 1, last),
    };
  };

  /** Drops, in place, the candidates whose segments had to end before node `next`. */
  const dropEnded = (): void => {
    let kept = 0;
    for (const candidate of candidates) {
      if (candidate.endsBefore > next) candidates[kept++] = candidate;
    }
    candidates.length = kept;
  };

  const upTo = (node: number, limit: number): number => {
    let at = node;
    while (at > limit && at > root) at = previous(at);
    return at;
  };

  const argmin = (price: (c: Candidate) => number): number | undefined => {
    let best = Infinity;
    let start: number | undefined;
    for (const candidate of candidates) {
      const total = price(candidate);
      if (total < best) {
        best = total;
        start = candidate.start;
      }
    }
    return start;
  };

  return {
    get root() {
      return root;
    },
    get next() {
      return next;
    },
    get live() {
      return candidates.length;
    },
    restart(node, firstOpen) {
      root = node;
      next = node;
      openFrom = firstOpen;
      candidates = [];
      cost.restart(node);
    },
    step() {
      fitRing();
      const total = next === root ? 0 : judge();
      if (next === root) back[next % back.length] = root;
      if (total < Infinity) {
        const { w, even } = ring.row(next);
        candidates.push({
          start: next,
          w,
          even,
          cost: total,
          endsBefore: next + maxTokens + 1,
        });
      }
      cost.add();
      next += 1;
      dropEnded();
      if (next % REBASE_EVERY_TOKENS === 0 && candidates.length > 0) {
        const base = candidates[0].cost;
        for (const candidate of candidates) candidate.cost -= base;
      }
    },
    commit(node) {
      root = node;
    },
    ancestor() {
      let shared = candidates.length === 0 ? root : candidates[0].start;
      for (const { start } of candidates) {
        let other = start;
        while (shared !== other) {
          if (shared > other) shared = previous(shared);
          else other = previous(other);
        }
      }
      return shared;
    },
    bestOpen: () => argmin(reach) ?? root,
    bestClosed: () => argmin((c) => (next - c.start >= minTokens ? reach(c) : Infinity)),
    cheapest: () => argmin((c) => c.cost) ?? root,
    path(node) {
      const nodes: number[] = [];
      for (let at = node; at > root; at = previous(at)) nodes.push(at);
      return nodes.toReversed();
    },
    save(to) {
      to.numbers(root, openFrom, next, candidates.length);
      for (const { start, w, even, cost: total, endsBefore } of candidates) {
        to.numbers(start, w, even, total, endsBefore);
      }
      for (let node = root; node < next; node++) to.numbers(previous(node));
      cost.save(to, candidates[0]?.start ?? next);
    },
    restore(from) {
      fitRing();
      root = from.integer(ring.first, ring.first);
      openFrom = from.integer(0, ring.end);
      next = from.integer(ring.end, ring.end);
      const isEmpty = next === root;
      const count = from.integer(isEmpty ? 0 : 1, isEmpty ? 0 : maxTokens + 1);
      candidates = [];
      for (let i = 0; i < count; i++) candidates.push(readCandidate(from, i === count - 1));
      for (let node = root; node < next; node++) {
        back[node % back.length] = from.integer(0, node === root ? node : node - 1);
      }
      for (const { start } of candidates) {
        if (upTo(start, root) !== root) throw new RangeError(NO_PATH);
      }
      cost.restore(from, candidates[0]?.start ?? next, next);
    },
    refilled: cost.refilled,
    liveUpTo: (limit) =>
      candidates.map(({ start }) => ({ start, last: upTo(start, Math.max(limit, root)) })),
  };
}
