import { createSpeakingRate, RATE_WINDOWS_SECONDS } from '../../src/segments/speakingRate.ts';
import type { RateWindow, SpokenSpan } from '../../src/segments/speakingRate.ts';
import { MAX_SECONDS } from '../recording.ts';
import { element } from './element.ts';
import { createSparkline } from './sparkline.ts';

interface Row {
  readonly title: string;
  /** What the numbers are of; always to be read. */
  readonly unit: string;
  readonly explained: string;
  readonly text: (window: RateWindow) => string;
}

const ROWS: readonly Row[] = [
  {
    title: 'Speech rate',
    unit: 'units/s',
    explained: 'Units a second, pauses included',
    text: (window) => window.speechRate.toFixed(1),
  },
  {
    title: 'Articulation',
    unit: 'units/s',
    explained: 'Units a second of the time without pauses',
    text: (window) => (window.articulationRate > 0 ? window.articulationRate.toFixed(1) : '–'),
  },
  {
    title: 'Pauses',
    unit: '≥ 0.25 s',
    explained: 'Silences of 250 ms and more: those that are hatched in the picture',
    text: (window) => String(window.pauses),
  },
  {
    title: 'Mean pause',
    unit: 's',
    explained: 'Seconds of pause, divided by their number',
    text: (window) => (window.pauses > 0 ? window.meanPauseSeconds.toFixed(2) : '–'),
  },
];

/** The speaking-rate meter. */
export interface RateTable {
  /** Takes the next final unit. */
  push(span: SpokenSpan): void;
  /** Begins anew. */
  clear(): void;
}

/** The windows of the columns: the last seconds, and all of a recording. */
const WINDOWS_SECONDS = [...RATE_WINDOWS_SECONDS, MAX_SECONDS];

/** Fills the table of the page with the readings of `speakingRate()`: the last 3, 10 and 20 seconds, and everything. */
export function createRateTable(): RateTable {
  const body = element('rates', HTMLTableSectionElement);
  const cells = ROWS.map(({ title, unit, explained }, n) => {
    // The roles are said because a narrow card lays the rows out as blocks, which would take them away.
    const row = body.insertRow();
    row.setAttribute('role', 'row');
    if (n === 0) row.className = 'main';
    const head = document.createElement('th');
    head.scope = 'row';
    head.setAttribute('role', 'rowheader');
    head.textContent = title;
    head.title = explained;
    const small = document.createElement('small');
    small.textContent = unit;
    head.append(' ', small);
    row.append(head);
    return WINDOWS_SECONDS.map(() => {
      const cell = row.insertCell();
      cell.setAttribute('role', 'cell');
      return cell;
    });
  });
  const graph = createSparkline(element('rate-graph', HTMLCanvasElement), {
    kept: 100,
    leastTop: 6,
  });
  let machine = createSpeakingRate({ windowsSeconds: WINDOWS_SECONDS });

  function clear(): void {
    machine = createSpeakingRate({ windowsSeconds: WINDOWS_SECONDS });
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
