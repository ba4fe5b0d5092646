import { element } from './element.ts';

/** Readings drawn, one every 100 to 500 ms. */
const KEPT = 160;
/** Units that the delay is taken over. */
const RECENT = 15;
const LEAST_FULL_SCALE_MS = 50;

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
  const canvas = element('lag-graph', HTMLCanvasElement);
  let lags: number[] = [];
  let delays: number[] = [];

  function draw(): void {
    const context = canvas.getContext('2d');
    if (context === null) return;
    const { clientWidth: width, clientHeight: height } = canvas;
    canvas.width = width * devicePixelRatio;
    canvas.height = height * devicePixelRatio;
    context.scale(devicePixelRatio, devicePixelRatio);
    const style = getComputedStyle(canvas);
    const full = Math.max(LEAST_FULL_SCALE_MS, ...lags) * 1.15;
    context.strokeStyle = style.getPropertyValue('--line');
    context.beginPath();
    context.moveTo(0, height - 0.5);
    context.lineTo(width, height - 0.5);
    context.stroke();
    if (lags.length < 2) return;
    context.beginPath();
    lags.forEach((ms, n) => {
      const x = width - ((lags.length - 1 - n) * width) / (KEPT - 1);
      context.lineTo(x, height - 2 - (ms / full) * (height - 6));
    });
    context.strokeStyle = style.getPropertyValue('--accent');
    context.lineWidth = 1.8;
    context.lineJoin = 'round';
    context.stroke();
  }

  return {
    addLag(ms) {
      lags = [...lags.slice(1 - KEPT), ms];
      lag.textContent = ms < 10 ? ms.toFixed(1) : ms.toFixed(0);
      draw();
    },
    addDelay(ms) {
      delays = [...delays.slice(1 - RECENT), ms];
      const sorted = delays.toSorted((a, b) => a - b);
      delay.textContent = sorted[sorted.length >> 1].toFixed(0);
    },
    clear() {
      lags = [];
      delays = [];
      lag.textContent = delay.textContent = '–';
      draw();
    },
  };
}
