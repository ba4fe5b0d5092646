import { spawnSync } from 'node:child_process';
import { from, lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createCachedEncoder } from '../../../src/models/encoder/cachedEncoder.ts';
import { createEncoderPool } from '../../../src/models/encoder/encoderPool.ts';
import { createNodeThreads } from '../../../src/models/inference/nodeThreads.ts';
import { readBundle } from '../../../src/models/bundle/manifest.ts';
import { encode } from '../../../src/operators/encode.ts';
import type { InferenceThread } from '../../../src/models/inference/threads.ts';
import type { MelBlock } from '../../../src/core/types.ts';
import { readGolden, TINY } from '../../helpers/bundles.ts';
import { joinBlocks } from '../../helpers/rows.ts';

const url = (path: string): string =>
  JSON.stringify(new URL(`../../../${path}`, import.meta.url).href);

/** A stream of its own: the golden mel, shifted in level and start, several times over. */
function streamOf(golden: MelBlock, n: number): MelBlock[] {
  const frames = golden.frames - n;
  return Array.from({ length: 6 }, (_, i) => ({
    firstFrame: i * frames,
    frames,
    mel: golden.mel.subarray(n * 128).map((value) => value + n / 10),
  }));
}

describe('an inference thread that dies', () => {
  it.each([
    ['once', 1],
    ['ten times', 10],
  ])('%s in mid-stream changes no bit of 20 streams', async (_, deaths) => {
    const bundle = await readBundle(TINY);
    const { mel } = readGolden(TINY);
    const threads: InferenceThread[] = [];
    const encoder = await createCachedEncoder(bundle, {
      workers: 1,
      onThread: (thread) => threads.push(thread),
    });
    const run = () =>
      Promise.all(
        Array.from({ length: 20 }, (__, n) =>
          lastValueFrom(
            from(streamOf(mel, n)).pipe(encode(encoder, { mel: bundle.config.mel }), toArray()),
          ),
        ),
      );
    const undisturbed = (await run()).map(joinBlocks);

    const total = encoder.status().steps;
    let running = true;
    const result = run().finally(() => (running = false));
    // Each death comes after a fair share of the steps, while a batch is under way.
    for (let death = 1; death <= deaths && running; death++) {
      const until = total + (total * death) / (deaths + 1);
      while (running && encoder.status().steps < until)
        await new Promise((resolve) => setImmediate(resolve));
      await threads.at(-1)!.kill();
    }
    const disturbed = (await result).map(joinBlocks);
    expect(encoder.status().restarts).toBe(deaths);
    expect(disturbed).toEqual(undisturbed);
    await encoder.close();
  });

  it('does not take a process down that exits in the middle of a batch', () => {
    const script = `
      import { readBundle } from ${url('src/models/bundle/manifest.ts')};
      import { createCachedEncoder } from ${url('src/models/encoder/cachedEncoder.ts')};
      const encoder = await createCachedEncoder(await readBundle(${JSON.stringify(TINY)}), { workers: 2 });
      const sessions = Array.from({ length: 64 }, () => encoder.open());
      const mel = new Float32Array(16 * 128);
      for (const session of sessions) void (async () => { for (;;) await session.step(mel); })();
      setTimeout(() => process.exit(7), 300);`;
    const { status, stderr } = spawnSync(
      'node',
      ['--import', 'tsx', '--input-type=module', '-e', script],
      {
        encoding: 'utf8',
      },
    );
    expect(stderr).not.toContain('terminate called');
    expect(status).toBe(7);
  });

  it('fails the load with the reason when the model cannot be opened at all', async () => {
    const bundle = await readBundle(TINY);
    await expect(createCachedEncoder({ ...bundle, directory: '/nowhere' })).rejects.toMatchObject({
      code: 'SYLSTREAM_ERR_PROVIDER',
    });
  });
});

describe('a pool that is closed', () => {
  it('while its threads start leaves none behind', async () => {
    const { encoder } = (await readBundle(TINY)).config;
    let threads = 0;
    const pool = createEncoderPool(
      { kind: 'step', modelPath: '/nowhere.onnx', precision: 'int8', encoder, maxRows: 12 },
      { workers: 2, onThread: () => void threads++ },
      createNodeThreads(),
    );
    await pool.close();
    await expect(pool.ready).rejects.toMatchObject({ code: 'SYLSTREAM_ERR_CLOSED' });
    expect(threads).toBe(2);
  });
});

describe('createCachedEncoder', () => {
  it('falls back along the provider list and says in one line what was refused', async () => {
    const bundle = await readBundle(TINY);
    const refused: string[] = [];
    const encoder = await createCachedEncoder(bundle, {
      workers: 1,
      providers: ['cuda', 'cpu'],
      onRefused: (line) => refused.push(line),
    });
    expect(encoder.status().provider).toMatch(/cpu|cuda/);
    if (encoder.status().provider === 'cpu') {
      expect(refused).toHaveLength(1);
      expect(refused[0]).toMatch(/^cuda: .+/);
      expect(refused[0]).not.toContain('\n');
    }
    await encoder.close();
  });

  it('refuses a config that does not belong to the model, naming tensor and shapes', async () => {
    const bundle = await readBundle(TINY);
    const encoder = { ...bundle.config.encoder, windowTokens: 24 };
    await expect(
      createCachedEncoder({ ...bundle, config: { ...bundle.config, encoder } }),
    ).rejects.toMatchObject({
      code: 'SYLSTREAM_ERR_BUNDLE_SHAPE',
      message: expect.stringMatching(/past_age.*\[B,24\].*\[B,16\]/),
    });
  });

  it.each([
    [{ workers: 0 }, 'workers must be a whole number from 1 to 64, got 0'],
    [{ maxBatch: 1.5 }, 'maxBatch must be a whole number from 1 to 256, got 1.5'],
  ])('refuses %j', async (options, message) => {
    const bundle = await readBundle(TINY);
    await expect(createCachedEncoder(bundle, options)).rejects.toThrow(new RangeError(message));
  });
});
