import { MIN_PAUSE_MS } from '../../src/segments/speakingRate.ts';
import type { Unit } from '../../src/core/types.ts';
import type { LabelOf } from '../../src/formats/unitFormatter.ts';
import { msToSamples, toSeconds } from '../../src/core/time.ts';

/** Whether a silent stretch is long enough to be counted and drawn as a pause; shorter ones are the closures of stops. */
export function isLongPause({ start, end, pause }: Pick<Unit, 'start' | 'end' | 'pause'>): boolean {
  return pause && end - start >= msToSamples(MIN_PAUSE_MS);
}

/** A unit among the others, in a line for a person. */
export function describeUnit(unit: Unit, all: readonly Unit[], labelOf?: LabelOf): string {
  const from = toSeconds(unit.start).toFixed(2);
  const span = `${from} to ${toSeconds(unit.end).toFixed(2)} s`;
  const decided = `decided ${Math.round(toSeconds(unit.decided - unit.end) * 1000)} ms after its end`;
  if (unit.pause) {
    const seconds = toSeconds(unit.end - unit.start).toFixed(2);
    const kind = isLongPause(unit) ? 'Pause' : 'Short silence, not counted as a pause';
    return `${kind} · ${span} · ${seconds} s long · ${decided}`;
  }
  const times = all.filter((other) => other.id === unit.id).length;
  const forced = unit.forced ? ' (forced)' : '';
  const sure = unit.confidence === undefined ? '' : ` · confidence ${unit.confidence.toFixed(2)}`;
  const label = labelOf?.(unit);
  const name = label === undefined ? '' : ` “${label}”`;
  return `Unit ${unit.id}${name} · ${span} · ${decided}${forced}${sure} · heard ${times === 1 ? 'once' : `${times} times`}`;
}
