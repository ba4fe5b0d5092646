/** Something that wants to be looked at ten times a second. */
export interface Ticking {
  tick(now: number): void;
}

/** One timer for all connections, so that hundreds of them cost no hundreds of timers. */
export interface Sweeper<T extends Ticking> {
  add(item: T): void;
  remove(item: T): void;
  /** Everything that was added and not removed. */
  all(): T[];
  stop(): void;
}

/** Items are spread over this many turns, so that their messages do not come in one burst. */
const PHASES = 5;
const TURN_MS = 20;

/** Starts the timer; `onRound` is called once a round, every 100 ms. */
export function createSweeper<T extends Ticking>(
  now: () => number,
  onRound: (now: number) => void,
): Sweeper<T> {
  const phases = Array.from({ length: PHASES }, () => new Set<T>());
  let turn = 0;
  let next = 0;
  const timer = setInterval(() => {
    const at = now();
    turn = (turn + 1) % PHASES;
    if (turn === 0) onRound(at);
    for (const item of phases[turn]) item.tick(at);
  }, TURN_MS);
  timer.unref();
  return {
    add(item) {
      phases[next].add(item);
      next = (next + 1) % PHASES;
    },
    remove(item) {
      for (const phase of phases) phase.delete(item);
    },
    all: () => phases.flatMap((phase) => [...phase]),
    stop: () => clearInterval(timer),
  };
}
