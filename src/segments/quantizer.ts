import { isControl } from '../core/types.ts';
import type { Segment, SpeechEvent, Unit } from '../core/types.ts';
import type { SegmenterOutput } from './segmenter.ts';
import type { Machine } from '../core/machine.ts';
import { MAX_SAVED_TOKEN } from '../core/savedState.ts';
import { createUnitMerger } from './unitMerger.ts';

/** Options of `createQuantizer`. */
export interface QuantizerOptions {
  /** Names a segment's mean vector `[D]`. */
  readonly assign: (vector: Float32Array) => Pick<Unit, 'id' | 'fine' | 'confidence'>;
  /** Units carry their vector; default false. */
  readonly features?: boolean | undefined;
  /** Merge consecutive equal units; default false. */
  readonly merge?: boolean | undefined;
}

/** The id of a pause (docs/bundle.md). */
const PAUSE = 0;

/**
 * Makes the machine that turns segments into units: one unit a segment, pauses are id 0 without confidence, provisional
 * segments become a provisional event, a `Flush` becomes `flushed`, and turns of the rate dial end here.
 */
export function createQuantizer(options: QuantizerOptions): Machine<SegmenterOutput, SpeechEvent> {
  const { assign, features = false, merge = false } = options;
  const merger = merge ? createUnitMerger() : undefined;
  let count = 0; // units that went out
  let end = 0; // of the last of them
  let sketched: readonly Unit[] = []; // the last tail: most of it comes again, unchanged or final

  const name = (segment: Segment): Unit => {
    const { index, start, end: stop, decided, pause, forced, vector } = segment;
    const look = (): Pick<Unit, 'id' | 'fine' | 'confidence'> =>
      sketched.find((unit) => !unit.pause && isSame(unit, segment)) ?? assign(vector);
    const { id, fine, confidence } = pause ? { id: PAUSE } : look();
    return {
      index,
      id,
      ...(fine !== undefined && { fine }),
      start,
      end: stop,
      decided,
      ...(confidence !== undefined && { confidence }),
      pause,
      forced,
      vector,
    };
  };

  const dress = (unit: Unit): Unit => {
    if (features) return unit;
    const { vector: _vector, ...plain } = unit;
    return plain;
  };

  const emit = (units: readonly Unit[]): SpeechEvent[] =>
    units.map((unit) => {
      count += 1;
      end = unit.end;
      return { type: 'unit', unit: dress(unit) };
    });

  const release = (): SpeechEvent[] => emit(merger?.release() ?? []);

  return {
    push(value) {
      if (isControl(value)) {
        if (value.control === 'rate') return [];
        const { id } = value;
        const units = release();
        return [
          ...units,
          { type: 'flushed', ...(id !== undefined && { id }), sample: end, index: count },
        ];
      }
      if ('provisional' in value) {
        const tail = value.provisional.map(name);
        sketched = tail;
        const units = merger === undefined ? tail : merger.sketch(tail);
        return [{ type: 'provisional', from: count, units: units.map(dress) }];
      }
      const unit = name(value);
      return emit(merger === undefined ? [unit] : merger.push(unit));
    },
    flush: release,
    save(to) {
      to.numbers(count, end);
      merger?.save(to);
    },
    restore(from) {
      count = from.integer(0, MAX_SAVED_TOKEN);
      end = from.integer(0, MAX_SAVED_TOKEN);
      merger?.restore(from);
    },
  };
}

/** Whether a unit was named from this very segment: of the same samples, with the same vector. */
function isSame({ start, end, vector }: Unit, segment: Segment): boolean {
  if (start !== segment.start || end !== segment.end) return false;
  return vector?.every((value, d) => value === segment.vector[d]) ?? false;
}
