import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LOADS, sizesOf } from '../../bench/fleet/sizes.ts';
import { simulateZoneLoss } from '../../bench/fleet/zoneLoss.ts';

const text = readFileSync(new URL('../../docs/scale.md', import.meta.url), 'utf8');
/** The defaults of `npm run simulate`. */
const GIVEN = {
  gatewayMs: 25,
  encoderMs: 10,
  takeoverMs: 200,
  cores: 4,
  usable: 0.6,
  fill: 0.6,
  server: 2000,
  zones: 3,
  medianS: 120,
  meanS: 200,
  seed: 1,
};

describe('docs/scale.md', () => {
  it.each(LOADS)('has the gateways that the simulation says for %i streams', (streams) => {
    const [own, remote] = sizesOf(streams, GIVEN).kinds.map(({ gateways }) => gateways);
    const comma = (n: number): string => n.toLocaleString('en-GB');
    expect(text).toContain(
      `| 10${'⁴⁵⁶'[Math.log10(streams) - 4]} | ${comma(own)} (${comma(remote)}) |`,
    );
  });

  it('has the times that the simulation says for the loss of a zone', () => {
    const streams = 10_000;
    const told = sizesOf(streams, GIVEN).kinds.map((kind) => {
      const loss = simulateZoneLoss({ ...GIVEN, ...kind, streams });
      expect(loss.refused).toBe(0);
      expect(loss.moved).toBeGreaterThan(streams / 4);
      return [loss.p95S.toFixed(1), loss.lastS.toFixed(1)];
    });
    const [[p95, last], [p95Triton, lastTriton]] = told;
    expect(text).toContain(`95 % ${p95} s, all ${last} s (${p95Triton}, ${lastTriton})`);
  });
});
