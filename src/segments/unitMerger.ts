import type { Unit } from '../core/types.ts';
import { SAMPLE_RATE } from '../core/time.ts';
import { MAX_SAVED_TOKEN, type Saved } from '../core/savedState.ts';

/** Makes one unit of consecutive equal ones. */
export interface UnitMerger extends Saved {
  /** Takes the next unit; returns those that are final now. */
  push(unit: Unit): Unit[];
  /** Returns the unit that is held, if any: nothing that comes can belong to it any more. */
  release(): Unit[];
  /** Merges a provisional tail with what is held, and forgets the tail. */
  sketch(tail: readonly Unit[]): Unit[];
}

/** A merged unit that is this long is final at once, 2 s: so a hum or a silence is heard of while it lasts. */
export const MERGED_SAMPLES_BOUND: number = 2 * SAMPLE_RATE;

/**
 * Makes a merger that numbers merged units from 0.
 *
 * A unit is final when the next, different one is, or when it is 2 s long, whichever comes first. `decided` is that of the
 * unit that made it certain; when a flush or the end did, that of its own last part. `confidence` and `vector` are
 * the parts' means, weighted by length; it is `forced` when a part was, and `fine` is its last part's.
 */
export function createUnitMerger(): UnitMerger {
  let held: Unit | undefined;
  let index = 0;

  const release = (decided = 0): Unit[] => {
    if (held === undefined) return [];
    const unit = { ...held, index: index++, decided: Math.max(held.decided, decided) };
    held = undefined;
    return [unit];
  };

  const push = (unit: Unit): Unit[] => {
    const final = held?.id === unit.id ? [] : release(unit.decided);
    held = held === undefined ? unit : joined(held, unit);
    return held.end - held.start < MERGED_SAMPLES_BOUND ? final : [...final, ...release()];
  };

  return {
    push,
    release: () => release(),
    sketch(tail) {
      const before = { held, index };
      const units = tail.flatMap((unit) => push(unit));
      units.push(...release());
      ({ held, index } = before);
      return units;
    },
    save(to) {
      to.numbers(index, Number(held !== undefined));
      if (!held) return;
      const { id, fine = 0, start, end, decided, confidence = 0, pause, forced, vector } = held;
      to.numbers(
        held.index,
        id,
        fine,
        start,
        end,
        decided,
        confidence,
        Number(pause),
        Number(forced),
      );
      to.float32s(vector ?? new Float32Array(0));
    },
    restore(from) {
      const whole = (min = 0): number => from.integer(min, MAX_SAVED_TOKEN);
      index = whole();
      if (!from.flag()) return;
      const [own, id, fine, start] = [whole(), whole(), whole(), whole()];
      const [end, decided, confidence] = [whole(start + 1), whole(), from.finite()];
      const [pause, forced] = [from.flag(), from.flag()];
      held = {
        index: own,
        id,
        ...(fine > 0 && { fine }),
        start,
        end,
        decided,
        ...(!pause && { confidence }),
        pause,
        forced,
        vector: from.float32s(),
      };
    },
  };
}

function joined(a: Unit, b: Unit): Unit {
  const share = (b.end - b.start) / (b.end - a.start);
  const mean = (x: number, y: number): number => x + share * (y - x);
  const [from, to] = [a.vector, b.vector];
  return {
    ...b,
    start: a.start,
    ...(a.confidence !== undefined &&
      b.confidence !== undefined && { confidence: mean(a.confidence, b.confidence) }),
    forced: a.forced || b.forced,
    ...(from && to && { vector: from.map((x, d) => mean(x, to[d])) }),
  };
}
