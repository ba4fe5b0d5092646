import { lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { readBundle } from '../../../src/models/bundle/manifest.ts';
import { createCachedEncoder } from '../../../src/models/encoder/cachedEncoder.ts';
import type { EncoderBackend } from '../../../src/models/encoder/encoder.ts';
import type { EncoderSetup } from '../../../src/models/encoder/encoderMessages.ts';
import { createStepEncoder } from '../../../src/models/encoder/stepEncoder.ts';
import { createStepEngine } from '../../../src/models/encoder/stepEngine.ts';
import { openRunner } from '../../../src/models/encoder/openRunner.ts';
import { importEngine } from '../../../src/models/inference/importEngine.ts';
import { createLocalThreads } from '../../../src/models/inference/localThreads.ts';
import { createUnitLm } from '../../../src/models/lm/createUnitLm.ts';
import { createLmEngine } from '../../../src/models/lm/lmEngine.ts';
import type { LmSetup } from '../../../src/models/lm/lmMessages.ts';
import type { UnitLm } from '../../../src/models/lm/unitLm.ts';
import { createUnitLmOn } from '../../../src/models/lm/unitLmOn.ts';
import { encode } from '../../../src/operators/encode.ts';
import { logMel } from '../../../src/operators/logMel.ts';
import { fromPcm } from '../../../src/streams/fromPcm.ts';
import { TINY } from '../../helpers/bundles.ts';
import { clipSamples } from '../../helpers/speech.ts';

const { openModel } = await importEngine(() => import('../../../src/models/inference/onnx.ts'));
const bundle = await readBundle(TINY);

describe('engines in the thread that asks', () => {
  it('give two streams the features that threads give, and fail when they are closed', async () => {
    const blocks = (encoder: EncoderBackend): Promise<unknown[]> =>
      lastValueFrom(
        fromPcm(clipSamples('kathleen-a0002')).pipe(
          logMel(),
          encode(encoder, { mel: bundle.config.mel }),
          toArray(),
        ),
      );
    const threads = createLocalThreads<EncoderSetup>(async (setup) =>
      createStepEngine(setup, await openRunner(setup, (call) => call(), openModel)),
    );
    const local = await createStepEncoder(bundle, { workers: 1 }, threads);
    const remote = await createCachedEncoder(bundle, { workers: 1 });
    const expected = await blocks(remote);
    expect(await Promise.all([blocks(local), blocks(local)])).toEqual([expected, expected]);
    const session = local.open();
    await local.close();
    await expect(session.step(new Float32Array(16 * 128))).rejects.toMatchObject({
      code: 'SYLSTREAM_ERR_CLOSED',
    });
    await remote.close();
  });

  it('draw the continuations that a thread draws, also when newer units overtake them', async () => {
    async function drawn(lm: UnitLm): Promise<number[][]> {
      const session = lm.open();
      const all: number[][] = [];
      for (let i = 0; i < 40; i++) {
        session.push({ id: (i * 7) % 5 });
        const ids: number[] = [];
        const units = session.continue({ n: 2, units: 12, seed: 7 });
        for await (const { id } of units) {
          ids.push(id);
          if (i % 4 !== 3 && ids.length === 3) break;
        }
        all.push(ids);
      }
      session.close();
      await lm.close();
      return all;
    }
    const threads = createLocalThreads<LmSetup>((setup) => createLmEngine(setup, openModel));
    const local = await createUnitLmOn(threads, bundle, { precision: 'fp32' });
    expect(await drawn(local)).toEqual(
      await drawn(await createUnitLm(bundle, { precision: 'fp32' })),
    );
  });
});
