import { element } from './element.ts';
import { createSparkline } from './sparkline.ts';

/** Units that the delay is taken over. */
const RECENT = 15;

/** What stands between speaking and seeing, or how fast a file is cut. */
export interface LagPanel {
  /** The server's own lag, from its acknowledgements. */
  addLag(ms: number): void;
  /** From the end of a unit in the audio to its arrival here. */
  addDelay(ms: number): void;
  /** How many times faster than it was spoken a file is cut, and how long that has taken. */
  setSpeed(times: number, seconds: number): void;
  /** Begins anew: with the figures of a live recording or with those of a file. */
  clear(live: boolean): void;
}

/** Creates the panel. A file waits at the server for its turn by design: there is no delay to show for it. */
export function createLagPanel(): LagPanel {
  const lag = element('lag', HTMLElement);
  const delay = element('delay', HTMLElement);
  const speed = element('speed', HTMLElement);
  const took = element('took', HTMLElement);
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
    setSpeed(times, seconds) {
      speed.textContent = times < 10 ? times.toFixed(1) : times.toFixed(0);
      took.textContent = seconds.toFixed(1);
    },
    clear(live) {
      delays = [];
      graph.clear();
      for (const figure of [lag, delay, speed, took]) figure.textContent = '–';
      element('live-delay', HTMLElement).hidden = !live;
      element('file-speed', HTMLElement).hidden = live;
      element('lag-title', HTMLElement).textContent = live ? 'Delay' : 'Speed';
    },
  };
}
