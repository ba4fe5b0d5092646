import { createLagHistogram } from '../observe/lagHistogram.ts';

/** Says how many live streams fit, and follows what their lag says of it. */
export interface CapacityControl {
  /** Live streams that fit, now. */
  readonly capacity: number;
  /** 99th percentile of the lag of live streams in the last period that had enough steps to tell; 0 before. */
  readonly lagP99Ms: number;
  /** A live stream's encoder step was done so long after its audio was there. */
  observed(lagMs: number): void;
  /** To be called often; judges when a period is over. `used`: streams that are in, by weight. */
  tick(now: number, used: number): void;
}

/** One turn of the capacity. */
export interface CapacityChange {
  readonly from: number;
  readonly to: number;
  readonly lagP99Ms: number;
  readonly used: number;
}

/** Options of `createCapacityControl()`. */
export interface CapacityControlOptions {
  /** What was measured at the start, or set. */
  readonly initial: number;
  /** Set by the user: stays as it is. */
  readonly isFixed: boolean;
  readonly now: number;
  readonly onChange?: ((change: CapacityChange) => void) | undefined;
}

/** Lag is judged over so long. */
const PERIOD_MS = 3000;
/** Fewer steps than this, two streams' in a period, tell nothing. */
const MIN_STEPS = 30;
/** Steps take turns every 160 ms (8 tokens): a lag that long means that streams wait for one another. */
const TOO_LATE_MS = 160;
/** Periods in a row that have to be too late: what reconnecting clients send at once is late for a moment. */
const LATE_PERIODS = 2;
/** Well in time: a loaded server that is within its bounds has 40 to 50 ms (docs/reliability.md). */
const IN_TIME_MS = 60;
/** What is left of the capacity after a late period, and what it grows by after one in time. */
const SHRINK = 0.9;
const RECOVER = 1.25;
const GROW = 1.05;
/** Nothing is learnt about a larger capacity from a house that is not this full. */
const FULL_PART = 0.9;
/** The start measures with a reserve of 0.4 (`calibrate.ts`): 1.5 times of it leaves a tenth. */
const MOST = 1.5;

/**
 * Makes a control that shrinks the capacity by a tenth while the lag is too long, brings it back towards the measured one while it
 * is not, and lets it grow beyond, to half as much again, while the house is full and in time. At least 1.
 */
export function createCapacityControl(options: CapacityControlOptions): CapacityControl {
  const { initial, isFixed, onChange } = options;
  const most = Math.floor(MOST * initial);
  let capacity = initial;
  let lagP99Ms = 0;
  let latePeriods = 0;
  let steps = 0;
  let histogram = createLagHistogram();
  let since = options.now;

  function judged(used: number): number {
    if (steps < MIN_STEPS) {
      latePeriods = 0;
    } else {
      lagP99Ms = histogram.quantile(0.99);
      latePeriods = lagP99Ms > TOO_LATE_MS ? latePeriods + 1 : 0;
      if (latePeriods > 0) {
        return latePeriods < LATE_PERIODS ? capacity : Math.max(1, Math.floor(SHRINK * capacity));
      }
      if (lagP99Ms > IN_TIME_MS) return capacity;
    }
    if (capacity < initial) return Math.min(initial, Math.ceil(RECOVER * capacity));
    const isFull = steps >= MIN_STEPS && used >= FULL_PART * capacity;
    return isFull ? Math.max(capacity, Math.min(most, Math.ceil(GROW * capacity))) : capacity;
  }

  return {
    get capacity() {
      return capacity;
    },
    get lagP99Ms() {
      return lagP99Ms;
    },
    observed(lagMs) {
      histogram.add(lagMs);
      steps++;
    },
    tick(now, used) {
      if (now - since < PERIOD_MS) return;
      since = now;
      const from = capacity;
      const to = judged(used);
      histogram = createLagHistogram();
      steps = 0;
      if (isFixed || to === from) return;
      capacity = to;
      onChange?.({ from, to, lagP99Ms, used });
    },
  };
}
