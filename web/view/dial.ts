import type { Rate } from '../../src/core/types.ts';
import { degreesOf, FASTEST, LAST_POSITION, rateAt, rateInWords, SLOWEST } from './dialScale.ts';
import { element } from './element.ts';

const SVG = 'http://www.w3.org/2000/svg';
const CENTRE = 80;
const RADIUS = 56;
const LABEL_RADIUS = 71;
/** Milliseconds without a turn after which the rate counts: a drag sends one `set`, not fifty. */
const SETTLE_MS = 160;
const MARKS: readonly Rate[] = ['natural', SLOWEST, 6.25, FASTEST];

/** The rate dial: a native range input, so keyboards and screen readers work, drawn as a knob. */
export interface Dial {
  readonly rate: Rate;
}

/** Wires the dial up; `onTurn` is called when it has come to rest somewhere else. */
export function createDial(onTurn: (rate: Rate) => void): Dial {
  const input = element('dial', HTMLInputElement);
  const output = element('dial-value', HTMLOutputElement);
  const pointer = element('dial-pointer', SVGCircleElement);
  const fill = element('dial-fill', SVGPathElement);
  input.max = String(LAST_POSITION);
  element('dial-track', SVGPathElement).setAttribute(
    'd',
    arc(degreesOf('natural'), degreesOf(FASTEST)),
  );
  for (const mark of MARKS) label(mark);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let settled: Rate = 'natural';

  function show(): Rate {
    const rate = rateAt(Number(input.value));
    const degrees = degreesOf(rate);
    pointer.setAttribute('transform', `rotate(${degrees} ${CENTRE} ${CENTRE})`);
    fill.setAttribute('d', rate === 'natural' ? '' : arc(degreesOf('natural'), degrees));
    output.value = typeof rate === 'number' ? `${rate.toFixed(2)}/s` : rate;
    input.setAttribute('aria-valuetext', rateInWords(rate));
    return rate;
  }

  input.addEventListener('input', () => {
    const rate = show();
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (rate === settled) return;
      settled = rate;
      onTurn(rate);
    }, SETTLE_MS);
  });
  show();
  return {
    get rate() {
      return rateAt(Number(input.value));
    },
  };
}

function label(rate: Rate): void {
  const [x, y] = point(degreesOf(rate), LABEL_RADIUS);
  const text = document.createElementNS(SVG, 'text');
  text.setAttribute('x', String(rate === 'natural' ? x + 4 : x));
  // The ends of the scale are written under its ends, not on them.
  const low = rate === 'natural' || rate === FASTEST;
  text.setAttribute('y', String(low ? y + 6 : y));
  text.textContent = String(rate);
  element('dial-ticks', SVGGElement).append(text);
}

function point(degrees: number, radius: number): [number, number] {
  const angle = (degrees / 180) * Math.PI;
  return [CENTRE + radius * Math.sin(angle), CENTRE - radius * Math.cos(angle)];
}

function arc(from: number, to: number): string {
  const [x0, y0] = point(from, RADIUS);
  const [x1, y1] = point(to, RADIUS);
  return `M ${x0} ${y0} A ${RADIUS} ${RADIUS} 0 ${to - from > 180 ? 1 : 0} 1 ${x1} ${y1}`;
}
