import { describe, expect, it } from 'vitest';
import { measureCapacity } from '../../src/bench/capacity.ts';
import { capacityText } from '../../src/bench/report.ts';
import { TINY } from '../helpers/bundles.ts';
import { clipSamples } from '../helpers/speech.ts';

describe('measureCapacity', () => {
  it('counts the units of live streams and what they cost beside the bare model', async () => {
    const seen: string[] = [];
    const report = await measureCapacity({
      bundle: TINY,
      speech: clipSamples('kathleen-a0002'),
      precisions: ['int8'],
      streams: [1, 3],
      seconds: 2,
      shards: 2,
      onRow: (precision, streams) => seen.push(`${precision} ${streams}`),
    });
    expect(seen).toEqual(['int8 1', 'int8 3']);
    expect(report.bundle).toMatchObject({ name: 'tiny', version: '0.0.0' });
    expect(Object.keys(report.bareStepMs.int8)).toEqual(['1', '2', '4', '8', '16']);
    const [one, three] = report.rows;
    expect(one).toMatchObject({ precision: 'int8', streams: 1, seconds: 2 });
    expect(one.units).toBeGreaterThan(0);
    expect(three.units).toBeGreaterThan(one.units);
    for (const row of report.rows) {
      // Every chunk of 160 ms is a step, and the flush one more.
      expect(row.steps).toBeGreaterThanOrEqual(row.streams * 12);
      expect(row.timesBare).toBeCloseTo(row.cpuMs / (report.bareStepMs.int8[16] * 6.25), 6);
      expect(row.lag.p50).toBeLessThanOrEqual(row.lag.max);
    }
    const text = capacityText(report);
    expect(text.split('\n').filter((line) => /^\| \d/.test(line))).toHaveLength(2);
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });
});
