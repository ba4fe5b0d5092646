import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStream, type StreamEvent } from '../../src/client/index.ts';
import type { Unit } from '../../src/core/types.ts';
import { loadModels } from '../../src/models/loadModels.ts';
import { createStreamPool } from '../../src/streams/pool/streamPool.ts';
import { longSpeech, unitsIn, wholeUnits } from '../helpers/pipeline.ts';
import { startGateway, type GatewayProcess } from './gatewayProcess.ts';
import { startTriton, type TritonServer } from './tritonServer.ts';

const VENV = process.env['TRITON_VENV'] ?? resolve(import.meta.dirname, '../../build/scale/triton');
const SMALL = join(import.meta.dirname, '../../models/small');
const STREAMS = 6;
const SECONDS = 24;
const PART = 8 * 16_000;
/** Units of a part that was sent are known by then: the longest wait for a decision, and a chunk. */
const UNDECIDED = 2 * 16_000;

describe('one tritonserver', () => {
  let triton: TritonServer;
  let gateways: GatewayProcess[];
  const speech = Array.from({ length: STREAMS }, (_, n) =>
    asSent(longSpeech(SECONDS, 0.3 + n / 10, n % 3)),
  );
  let expected: Unit[][];

  beforeAll(async () => {
    const models = await loadModels({ bundle: SMALL, workers: 1, lm: false });
    expected = await Promise.all(
      speech.map((samples) => wholeUnits(samples, models, { features: true })),
    );
    await models.close();
    triton = await startTriton(SMALL, VENV);
    const flags = ['--triton', triton.address, '--capacity', '10000', '--file-pace', '1000'];
    gateways = await Promise.all(
      [0, 1, 2].map(() => startGateway(['--bundle', SMALL, '--workers', '1', ...flags])),
    );
  });
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await triton.close();
  });

  it('serves three gateways the units of local inference, killed twice in mid-stream', async () => {
    const streams = speech.map((samples, n) => {
      const url = gateways[n % gateways.length].streamUrl;
      const stream = openStream(url, { pace: 'file', features: true });
      const events: StreamEvent[] = [];
      const listened = watch(stream.events$, events);
      return { samples, stream, events, listened };
    });
    for (let part = 0; part * PART < SECONDS * 16_000; part++) {
      if (part > 0) await triton.kill();
      const sent = streams.map(async ({ samples, stream, listened }, n) => {
        await stream.write(samples.subarray(part * PART, (part + 1) * PART));
        const surely = expected[n].filter(({ decided }) => decided < (part + 1) * PART - UNDECIDED);
        await listened.until(surely.length);
      });
      if (part > 0) await triton.start();
      await Promise.all(sent);
    }
    await Promise.all(streams.map(({ stream }) => stream.end()));
    streams.forEach(({ events }, n) => {
      expect(unitsIn(events as never), `stream ${n}`).toEqual(expected[n]);
      expect(events.at(-1)?.type, `stream ${n}`).toBe('done');
    });
    const batches = await triton.batches();
    expect(Math.max(...batches.keys())).toBeGreaterThan(STREAMS / gateways.length);
  });

  it('is refused where it serves another bundle', async () => {
    const tiny = join(import.meta.dirname, '../fixtures/tiny');
    await expect(
      createStreamPool({ bundle: tiny, triton: triton.address, shards: 1, lm: false }),
    ).rejects.toMatchObject({ code: 'SYLSTREAM_ERR_REMOTE' });
  });

  it('says bits as local inference on the same machine says them', async () => {
    const pools = await Promise.all(
      [triton.address, undefined].map((address) =>
        createStreamPool({ bundle: SMALL, triton: address, shards: 1, lm: false }),
      ),
    );
    expect(pools[0].bits).toBe(pools[1].bits);
    await Promise.all(pools.map((pool) => pool.close()));
  });
});

/** The samples as the wire's 16 bits have them. */
function asSent(samples: Float32Array): Float32Array {
  return samples.map(
    (value) => Math.max(-32_768, Math.min(32_767, Math.round(value * 32_768))) / 32_768,
  );
}

/** Collects events, and resolves `until` when so many units have come; rejects where the stream fails. */
function watch(
  events$: { subscribe(observer: object): unknown },
  events: StreamEvent[],
): { until(units: number): Promise<void> } {
  let units = 0;
  let check = (): void => undefined;
  let failed: (error: Error) => void = () => undefined;
  events$.subscribe({
    next: (event: StreamEvent) => {
      events.push(event);
      if (event.type === 'unit') units++;
      check();
    },
    error: (error: Error) => failed(error),
  });
  return {
    until: (count) =>
      new Promise((resolve, reject) => {
        failed = reject;
        check = () => units >= count && resolve();
        check();
      }),
  };
}
