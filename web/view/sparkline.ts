/** How a curve is scaled. */
export interface SparklineOptions {
  /** Values kept. */
  readonly kept: number;
  /** The least value that the full height stands for. */
  readonly leastTop: number;
}

/** A small curve of the last values, the newest at the right edge. */
export interface Sparkline {
  push(value: number): void;
  clear(): void;
}

/** Room above the highest value, as a share of it. */
const HEADROOM = 1.15;

/** Creates a curve on a canvas, in the colours of the page. */
export function createSparkline(canvas: HTMLCanvasElement, options: SparklineOptions): Sparkline {
  const { kept, leastTop } = options;
  let values: number[] = [];

  function draw(): void {
    const context = canvas.getContext('2d');
    if (context === null) return;
    const { clientWidth: width, clientHeight: height } = canvas;
    canvas.width = width * devicePixelRatio;
    canvas.height = height * devicePixelRatio;
    context.scale(devicePixelRatio, devicePixelRatio);
    const style = getComputedStyle(canvas);
    context.strokeStyle = style.getPropertyValue('--line');
    context.beginPath();
    context.moveTo(0, height - 0.5);
    context.lineTo(width, height - 0.5);
    context.stroke();
    if (values.length < 2) return;
    const top = Math.max(leastTop, ...values) * HEADROOM;
    const place = (value: number, n: number): [number, number] => [
      width - ((values.length - 1 - n) * width) / (kept - 1),
      height - 2 - (value / top) * (height - 6),
    ];
    context.beginPath();
    values.forEach((value, n) => context.lineTo(...place(value, n)));
    context.strokeStyle = style.getPropertyValue('--accent');
    context.lineWidth = 1.8;
    context.lineJoin = 'round';
    context.stroke();
    context.lineTo(width, height);
    context.lineTo(place(values[0], 0)[0], height);
    context.globalAlpha = 0.12;
    context.fillStyle = style.getPropertyValue('--accent');
    context.fill();
  }

  new ResizeObserver(draw).observe(canvas);
  return {
    push(value) {
      values = [...values.slice(1 - kept), value];
      draw();
    },
    clear() {
      values = [];
      draw();
    },
  };
}
