import type { Unit } from '../../src/types.ts';
import { toSeconds } from '../../src/units.ts';
import { element } from './element.ts';
import type { Timeline } from './timeline.ts';

/** What the inspector works with. */
export interface InspectorContext {
  readonly timeline: Timeline;
  readonly units: () => readonly Unit[];
  readonly play: (unit: Unit) => void;
}

/** Share of the width that a key scrolls, and the zoom of a key or a turn of the wheel. */
const ZOOM = 1.25;

/**
 * Pointing at a unit, or walking to it with the arrow keys, lights up all of its kind and says what it is; a click or
 * Enter plays it. The wheel scrolls, with Ctrl it zooms.
 */
export function createInspector({ timeline, units, play }: InspectorContext): void {
  const canvas = element('timeline', HTMLCanvasElement);
  const text = element('inspector', HTMLElement);
  let chosen: Unit | undefined;

  function choose(unit: Unit | undefined): void {
    if (unit === chosen) return;
    chosen = unit;
    timeline.highlight(unit);
    text.textContent = unit === undefined ? '\u00a0' : describe(unit, units());
  }

  function step(by: 1 | -1): void {
    const all = units();
    if (all.length === 0) return;
    const at = chosen === undefined ? -1 : all.indexOf(chosen);
    const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
    const unit = all[Math.min(all.length - 1, Math.max(0, next))];
    choose(unit);
    timeline.reveal(unit);
  }

  const keys: Readonly<Record<string, () => void>> = {
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    PageDown: () => timeline.scroll(0.8),
    PageUp: () => timeline.scroll(-0.8),
    '+': () => timeline.zoom(ZOOM),
    '=': () => timeline.zoom(ZOOM),
    '-': () => timeline.zoom(1 / ZOOM),
    Escape: () => choose(undefined),
    Enter: () => chosen && play(chosen),
  };

  canvas.addEventListener('keydown', (event) => {
    const act = keys[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  canvas.addEventListener('pointermove', ({ offsetX }) => choose(timeline.unitAt(offsetX)));
  canvas.addEventListener('pointerleave', () => choose(undefined));
  canvas.addEventListener('click', ({ offsetX }) => {
    const unit = timeline.unitAt(offsetX);
    choose(unit);
    if (unit !== undefined) play(unit);
  });
  canvas.addEventListener(
    'wheel',
    (event) => {
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
      if (!event.ctrlKey && !sideways) return; // the page scrolls
      event.preventDefault();
      const way = event.deltaY || event.deltaX;
      if (event.ctrlKey) timeline.zoom(way < 0 ? ZOOM : 1 / ZOOM, event.offsetX);
      else timeline.scroll((event.deltaX || event.deltaY) / canvas.clientWidth);
    },
    { passive: false },
  );
}

function describe(unit: Unit, all: readonly Unit[]): string {
  const from = toSeconds(unit.start).toFixed(2);
  const span = `${from} to ${toSeconds(unit.end).toFixed(2)} s`;
  const decided = `decided ${Math.round(toSeconds(unit.decided - unit.end) * 1000)} ms after its end`;
  if (unit.pause) return `Pause · ${span} · ${decided}`;
  const times = all.filter((other) => other.id === unit.id).length;
  const forced = unit.forced ? ' (forced)' : '';
  const confidence = `confidence ${unit.confidence.toFixed(2)}`;
  return `Unit ${unit.id} · ${span} · ${decided}${forced} · ${confidence} · heard ${times === 1 ? 'once' : `${times} times`}`;
}
