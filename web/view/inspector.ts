import type { Unit } from '../../src/core/types.ts';
import type { LabelOf } from '../../src/formats/unitFormatter.ts';
import { describeUnit } from './describeUnit.ts';
import { element } from './element.ts';
import type { Timeline } from './timeline.ts';
import { placeOf } from './visibleUnits.ts';

/** What the inspector works with. */
export interface InspectorContext {
  readonly timeline: Timeline;
  /** The units as they are shown. */
  readonly units: () => readonly Unit[];
  readonly labelOf: () => LabelOf | undefined;
  readonly play: (unit: Unit) => void;
}

/** Says what a unit is that somebody points at or walks to. */
export interface Inspector {
  /** Takes notice of another list of units; nothing is chosen any more. */
  clear(): void;
}

/** The zoom of a key or a turn of the wheel. */
const ZOOM = 1.25;
/** Share of the width that a page key scrolls. */
const PAGE = 0.8;

/**
 * Pointing at a unit, or walking to it with the keys, lights up all of its kind and says what it is; a click or Enter
 * plays it. The wheel scrolls, with Ctrl it zooms. For assistive technology the picture is a slider whose positions are
 * the units.
 */
export function createInspector({ timeline, units, labelOf, play }: InspectorContext): Inspector {
  const canvas = element('timeline', HTMLCanvasElement);
  const text = element('inspector', HTMLElement);
  let chosen: Unit | undefined;

  function announce(): void {
    const all = units();
    const words = chosen === undefined ? undefined : describeUnit(chosen, all, labelOf());
    text.textContent = words ?? '\u00a0';
    canvas.setAttribute('aria-valuemax', String(all.length));
    canvas.setAttribute('aria-valuenow', String(chosen ? placeOf(all, chosen.start) + 1 : 0));
    canvas.setAttribute('aria-valuetext', words ?? `${all.length} units, none chosen`);
  }

  function choose(unit: Unit | undefined): void {
    if (unit === chosen) return;
    chosen = unit;
    timeline.highlight(unit);
    announce();
  }

  function walkTo(place: (at: number, all: readonly Unit[]) => number): void {
    const all = units();
    if (all.length === 0) return;
    const at = chosen === undefined ? -1 : placeOf(all, chosen.start);
    const unit = all[Math.min(all.length - 1, Math.max(0, place(at, all)))];
    choose(unit);
    timeline.reveal(unit);
  }

  const page = (way: 1 | -1): void =>
    walkTo((at, all) => {
      const from = at < 0 ? 0 : all[at].start;
      return placeOf(all, from + way * PAGE * timeline.view.samples);
    });

  const keys: Readonly<Record<string, () => void>> = {
    ArrowRight: () => walkTo((at) => at + 1),
    ArrowLeft: () => walkTo((at, all) => (at < 0 ? all.length - 1 : at - 1)),
    Home: () => walkTo(() => 0),
    End: () => walkTo((_, all) => all.length - 1),
    PageDown: () => page(1),
    PageUp: () => page(-1),
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
  canvas.addEventListener('focus', announce);
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
  announce();
  return {
    clear() {
      chosen = undefined;
      timeline.highlight(undefined);
      announce();
    },
  };
}
