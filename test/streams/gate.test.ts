import { describe, expect, it } from 'vitest';
import { createGate } from '../../src/streams/gate.ts';

/** Whether a promise is settled once all microtasks have run. */
async function settled(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => (done = true));
  await new Promise((resolve) => setTimeout(resolve, 0));
  return done;
}

describe('createGate', () => {
  it('is open up to the limit ahead of the pipeline and shut beyond it', async () => {
    const gate = createGate({ aheadMs: 1000 });
    expect(await settled(gate.ready(0))).toBe(true);
    expect(await settled(gate.ready(16_000))).toBe(true);
    const waiting = gate.ready(16_001);
    expect(await settled(waiting)).toBe(false);
    gate.processed(1);
    expect(await settled(waiting)).toBe(true);
  });

  it('opens for those whose turn it is only', async () => {
    const gate = createGate();
    const near = gate.ready(40_000);
    const far = gate.ready(80_000);
    gate.processed(8_000);
    expect([await settled(near), await settled(far)]).toEqual([true, false]);
    gate.processed(48_000);
    expect(await settled(far)).toBe(true);
  });

  it('takes no step back', async () => {
    const gate = createGate({ aheadMs: 1000 });
    gate.processed(10_000);
    gate.processed(0);
    expect(await settled(gate.ready(26_000))).toBe(true);
  });

  it.each([0, 999, -1, Number.NaN])('refuses to stay %s ms ahead', (aheadMs) => {
    expect(() => createGate({ aheadMs })).toThrow(
      new RangeError(`aheadMs must be a number of 1000 or more, got ${aheadMs}`),
    );
  });
});
