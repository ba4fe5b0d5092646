import { existsSync } from 'node:fs';
import { from, lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createStreamPool } from '../../../src/streams/pool/streamPool.ts';
import type { Provider } from '../../../src/models/inference/tensors.ts';
import type { Unit } from '../../../src/core/types.ts';
import { TINY_CAUSAL } from '../../helpers/bundles.ts';
import { cutChunks } from '../../helpers/cuts.ts';
import { longSpeech, unitsIn } from '../../helpers/pipeline.ts';
import { present } from '../../helpers/require.ts';

/** A GPU that is none, for Vulkan: it comes with Debian's Chromium. */
const DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const LIBRARIES = ['/usr/lib', '/lib'].map((root) => `${root}/x86_64-linux-gnu/libvulkan.so.1`);

/** A dozen encoder steps of 160 ms of each of two streams. */
const SECONDS = 2;

/** What two streams give on a provider, and what it called itself. */
async function unitsOn(provider: Provider): Promise<{ units: Unit[][]; ran: string }> {
  const pool = await createStreamPool({
    bundle: TINY_CAUSAL,
    precision: 'fp32',
    providers: [provider],
    shards: 1,
    lm: false,
  });
  try {
    const units = await Promise.all(
      [longSpeech(SECONDS, 1, 1), longSpeech(SECONDS, 0.3, 2)].map(async (samples, n) => {
        const events$ = pool.speechUnits(from(cutChunks(samples, n, 8000)));
        return unitsIn(await lastValueFrom(events$.pipe(toArray())));
      }),
    );
    return { units, ran: pool.status().provider };
  } finally {
    await pool.close();
  }
}

const cut = (units: Unit[][]): object[][] =>
  units.map((stream) => stream.map(({ confidence: _rounded, ...unit }) => unit));

describe.runIf(
  present('SwiftShader (chromium)', existsSync(DRIVER)) &&
    present('libvulkan1', LIBRARIES.some(existsSync)),
)('the WebGPU provider', () => {
  it('gives the units of the CPU', async () => {
    const { units: expected } = await unitsOn('cpu');
    process.env['VK_DRIVER_FILES'] = DRIVER;
    const { units, ran } = await unitsOn('webgpu');
    expect(ran).toBe('webgpu');
    expect(cut(units)).toEqual(cut(expected));
    expect(units.flat().length).toBeGreaterThan(4);
  }, 300_000);
});
