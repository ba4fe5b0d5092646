import { seeded } from './seeded.ts';

/** A fleet before it loses a zone. */
export interface Fleet {
  readonly streams: number;
  readonly gateways: number;
  /** Streams that a gateway admits. */
  readonly capacity: number;
  /** CPU milliseconds of a gateway for a takeover. */
  readonly takeoverMs: number;
  readonly cores: number;
  /** Part of a gateway's cores that its capacity in live streams fills; the rest does takeovers. */
  readonly usable: number;
  readonly zones: number;
  readonly medianS: number;
  readonly meanS: number;
  readonly seed: number;
}

/** What became of the streams of the lost zone. */
export interface ZoneLoss {
  readonly moved: number;
  /** Seconds from the loss until so many of them were served again. */
  readonly p50S: number;
  readonly p95S: number;
  readonly lastS: number;
  /** Streams that gave up. */
  readonly refused: number;
  /** Of the gateways that are left, part of the capacity in use in the end. */
  readonly fullest: number;
}

const STEP_S = 0.1;
const GIVE_UP_S = 30;
/** The client's back-off: doubled from 0.1 s on, at most 5 s, each drawn between a half and the whole. */
const FIRST_BACK_OFF_S = 0.1;
const MOST_BACK_OFF_S = 5;
/** `takeovers` of a gateway. */
const TAKEOVERS = 32;

/**
 * Streams of log-normal lengths come as fast as they go, to the gateway with the fewest (of two drawn: what least connections
 * comes to behind several balancers). Then a zone is gone: its streams come back by their back-off, take a place where there is one,
 * and wait until the gateway, with the cores that live streams leave it, has done their field again.
 */
export function simulateZoneLoss(fleet: Fleet): ZoneLoss {
  const { streams, gateways, capacity, cores, zones, takeoverMs, usable, medianS, meanS, seed } =
    fleet;
  const random = seeded(seed);
  const live = new Int32Array(gateways);
  const work = new Float64Array(gateways); // CPU seconds of takeovers that wait
  const left = gateways - Math.floor(gateways / zones);
  const place = (from: number): number => {
    const [a, b] = [Math.floor(random() * from), Math.floor(random() * from)];
    return live[a] <= live[b] ? a : b;
  };
  for (let n = 0; n < streams; n++) live[place(gateways)]++;
  let moved = 0;
  for (let g = left; g < gateways; g++) moved += live[g];

  // By tenths of seconds: who tries then, with how many tries behind it.
  const due: number[][] = Array.from({ length: Math.ceil(GIVE_UP_S / STEP_S) + 1 }, () => []);
  const schedule = (now: number, tries: number): boolean => {
    const most = Math.min(MOST_BACK_OFF_S, FIRST_BACK_OFF_S * 2 ** tries);
    const at = now + Math.max(1, Math.round((most * (0.5 + random() / 2)) / STEP_S));
    if (at >= due.length) return false;
    due[at].push(tries + 1);
    return true;
  };
  for (let n = 0; n < moved; n++) schedule(0, 0);

  // A stream that lives on ends by chance alone: its age is unknown. Mean time left of a log-normal of this spread.
  const spread = 2 * Math.log(meanS / medianS);
  const leftS = (meanS * Math.exp(spread)) / 2;
  const served: number[] = [];
  let refused = 0;
  for (let now = 0; now < due.length; now++) {
    for (let g = 0; g < left; g++) {
      const spare = cores - (cores * usable * live[g]) / capacity;
      work[g] = Math.max(0, work[g] - STEP_S * Math.max(0.05 * cores, spare));
      const ended = (live[g] * STEP_S) / leftS;
      const arrived = (streams / gateways) * (STEP_S / leftS);
      live[g] += round(Math.min(arrived, capacity - live[g]) - ended, random);
    }
    for (const tries of due[now]) {
      const gateway = place(left);
      const waiting = work[gateway] / (takeoverMs / 1000);
      if (live[gateway] >= capacity || waiting >= TAKEOVERS) {
        if (!schedule(now, tries)) refused++;
        continue;
      }
      live[gateway]++;
      work[gateway] += takeoverMs / 1000;
      const spare = Math.max(0.05 * cores, cores - (cores * usable * live[gateway]) / capacity);
      served.push(now * STEP_S + work[gateway] / spare);
    }
  }
  served.sort((a, b) => a - b);
  const at = (part: number): number =>
    served[Math.min(served.length - 1, Math.floor(part * served.length))] ?? 0;
  return {
    moved,
    p50S: at(0.5),
    p95S: at(0.95),
    lastS: at(1),
    refused,
    fullest: live.subarray(0, left).reduce((most, n) => Math.max(most, n), 0) / capacity,
  };
}

/** A whole number that is the given one on average. */
function round(value: number, random: () => number): number {
  return Math.floor(value + random());
}
