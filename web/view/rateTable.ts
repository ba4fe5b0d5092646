import { createSpeakingRate } from '../../src/dsp/speakingRate.ts';
import type { RateWindow, SpokenSpan } from '../../src/dsp/speakingRate.ts';
import { element } from './element.ts';
import { createSparkline } from './sparkline.ts';

interface Row {
  readonly title: string;
  readonly explained: string;
  readonly text: (window: RateWindow) => string;
}

const ROWS: readonly Row[] = [
  {
    title: 'Speech rate',
    explained: 'Units a second, pauses included',
    text: (window) => window.speechRate.toFixed(1),
  },
  {
    title: 'Articulation',
    explained: 'Units a second of the time without pauses',
    text: (window) => (window.articulationRate > 0 ? window.articulationRate.toFixed(1) : '–'),
  },
  {
    title: 'Pauses',
    explained: 'Silences of 250 ms and more',
    text: (window) => String(window.pauses),
  },
  {
    title: 'Mean pause',
    explained: 'Seconds of pause, divided by their number',
    text: (window) => (window.pauses > 0 ? `${window.meanPauseSeconds.toFixed(2)} s` : '–'),
  },
];

/** The speaking-rate meter. */
export interface RateTable {
  /** Takes the next final unit. */
  push(span: SpokenSpan): void;
  /** Begins anew. */
  clear(): void;
}

/** Fills the table of the page with the readings of `speakingRate()` over the last 3, 10 and 20 seconds. */
export function createRateTable(): RateTable {
  const body = element('rates', HTMLTableSectionElement);
  const cells = ROWS.map(({ title, explained }, n) => {
    const row = body.insertRow();
    if (n === 0) row.className = 'main';
    const head = document.createElement('th');
    head.scope = 'row';
    head.textContent = title;
    head.title = explained;
    row.append(head);
    return [0, 1, 2].map(() => row.insertCell());
  });
  const graph = createSparkline(element('rate-graph', HTMLCanvasElement), {
    kept: 100,
    leastTop: 6,
  });
  let machine = createSpeakingRate();

  function clear(): void {
    machine = createSpeakingRate();
    graph.clear();
    for (const cell of cells.flat()) cell.textContent = '–';
  }

  clear();
  return {
    push(span) {
      for (const { windows } of machine.push(span)) {
        graph.push(windows[0].speechRate);
        ROWS.forEach(({ text }, row) =>
          windows.forEach((window, column) => (cells[row][column].textContent = text(window))),
        );
      }
    },
    clear,
  };
}
