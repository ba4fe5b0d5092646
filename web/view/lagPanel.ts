import { element } from './element.ts';
import { createSparkline } from './sparkline.ts';

/** Units that the delay is taken over. */
const RECENT = 15;

/** What stands between speaking and seeing. */
export interface LagPanel {
  /** The server's own lag, from its acknowledgements. */
  addLag(ms: number): void;
  /** From the end of a unit in the audio to its arrival here. */
  addDelay(ms: number): void;
  clear(): void;
}

/** Creates the panel: two figures and the course of the server's lag. */
export function createLagPanel(): LagPanel {
  const lag = element('lag', HTMLElement);
  const delay = element('delay', HTMLElement);
  const graph = createSparkline(element('lag-graph', HTMLCanvasElement), {
    kept: 60,
    leastTop: 50,
  });
  let delays: number[] = [];

  return {
    addLag(ms) {
      graph.push(ms);
      lag.textContent = ms < 10 ? ms.toFixed(1) : ms.toFixed(0);
    },
    addDelay(ms) {
      delays = [...delays.slice(1 - RECENT), ms];
      const sorted = delays.toSorted((a, b) => a - b);
      delay.textContent = sorted[sorted.length >> 1].toFixed(0);
    },
    clear() {
      delays = [];
      graph.clear();
      lag.textContent = delay.textContent = '–';
    },
  };
}
