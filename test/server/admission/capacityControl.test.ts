import { describe, expect, it } from 'vitest';
import {
  type CapacityChange,
  createCapacityControl,
} from '../../../server/admission/capacityControl.ts';

/** A control over periods of three seconds whose lags are given. */
function control(initial: number, isFixed = false) {
  const changes: CapacityChange[] = [];
  const control = createCapacityControl({
    initial,
    isFixed,
    now: 0,
    onChange: (change) => changes.push(change),
  });
  let now = 0;
  /** One period of `steps` steps of one lag, with so many streams in. */
  function period(lagMs: number, used: number, steps = 200): number {
    for (let i = 0; i < steps; i++) control.observed(lagMs);
    control.tick((now += 1000), used);
    control.tick((now += 2000), used);
    return control.capacity;
  }
  return { control, changes, period };
}

describe('a capacity that follows the lag', () => {
  it('shrinks by a tenth from the second late period on, and never below 1', () => {
    const { changes, period, control: one } = control(40);
    expect([period(400, 40), period(400, 40), period(400, 40)]).toEqual([40, 36, 32]);
    expect(changes[0]).toMatchObject({ from: 40, to: 36, used: 40 });
    expect(one.lagP99Ms).toBeGreaterThanOrEqual(400);
    expect(one.lagP99Ms).toBeLessThan(450);
    for (let i = 0; i < 100; i++) period(400, 40);
    expect(one.capacity).toBe(1);
  });

  it('keeps still for one late period, as when clients come back and send all at once', () => {
    const { changes, period } = control(40);
    for (let i = 0; i < 5; i++) [400, 30].forEach((lag) => period(lag, 10));
    expect(changes).toEqual([]);
  });

  it('comes back to what was measured when streams are in time, or when there are none', () => {
    for (const [lag, steps] of [
      [30, 200],
      [0, 0],
    ] as const) {
      const { period } = control(40);
      for (let i = 0; i < 12; i++) period(400, 40);
      const low = period(400, 40);
      expect(low).toBeLessThan(15);
      const back = Array.from({ length: 8 }, () => period(lag, 1, steps));
      expect(back[0]).toBe(Math.ceil(1.25 * low));
      expect(back.at(-1)).toBe(40);
    }
  });

  it('grows beyond it only while it is full and in time, to half as much again', () => {
    const { period, control: one } = control(40);
    expect([period(30, 20), period(30, 35), period(100, 40), period(30, 40)]).toEqual([
      40, 40, 40, 42,
    ]);
    for (let i = 0; i < 50; i++) period(30, one.capacity);
    expect(one.capacity).toBe(60);
    period(400, 60);
    expect(period(400, 60)).toBe(54);
  });

  it('holds between in time and too late, and learns nothing from a few steps', () => {
    const { changes, period } = control(40);
    for (let i = 0; i < 5; i++) period(110, 40);
    for (let i = 0; i < 5; i++) period(4000, 40, 29);
    expect(changes).toEqual([]);
  });

  it('stays where it was set', () => {
    const { changes, period, control: one } = control(40, true);
    for (let i = 0; i < 5; i++) period(4000, 40);
    for (let i = 0; i < 5; i++) period(10, 40);
    expect([changes, one.capacity]).toEqual([[], 40]);
    expect(one.lagP99Ms).toBeGreaterThan(0);
  });
});
