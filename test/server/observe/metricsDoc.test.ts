import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../../server/observe/metrics.ts';
import type { InferenceStatus } from '../../../src/models/inference/inferenceStatus.ts';

const text = readFileSync(join(import.meta.dirname, '../../../docs/metrics.md'), 'utf8');

describe('docs/metrics.md', () => {
  it('names every metric of the server, and no other', async () => {
    const none = (): number => 0;
    const encoder = (): InferenceStatus =>
      ({ batches: [] as readonly number[] }) as InferenceStatus;
    const metrics = createMetrics({
      live: none,
      parked: none,
      used: none,
      capacity: none,
      recentLagP99Ms: none,
      encoder,
      lm: () => undefined,
      speaker: () => undefined,
      speaking: none,
      waiting: () => 0,
      memoryUsed: () => 0,
      memoryBound: () => 0,
    });
    const names = metrics.registry
      .getMetricsAsArray()
      .map(({ name }) => name)
      .filter((name) => name.startsWith('sylstream_'));
    metrics.close();
    const documented = new Set([...text.matchAll(/`(sylstream_\w+)/g)].map((match) => match[1]));
    expect([...documented].sort()).toEqual(names.sort());
    for (const name of names)
      expect(name).toMatch(/_(seconds|streams|steps|live|parked|waiting|bytes|total)$/);
  });
});
