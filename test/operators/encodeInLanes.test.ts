import { existsSync } from 'node:fs';
import { from, lastValueFrom, toArray, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Control, FeatureBlock, MelBlock } from '../../src/core/types.ts';
import { isControl } from '../../src/core/types.ts';
import { createCachedEncoder } from '../../src/models/encoder/cachedEncoder.ts';
import type { EncoderBackend } from '../../src/models/encoder/encoder.ts';
import { readBundle } from '../../src/models/bundle/manifest.ts';
import type { Bundle } from '../../src/models/bundle/bundle.ts';
import { encode } from '../../src/operators/encode.ts';
import { encodeInLanes } from '../../src/operators/encodeInLanes.ts';
import { BUNDLES, readGolden } from '../helpers/bundles.ts';
import { present } from '../helpers/require.ts';

/** Speech of so many frames, the golden one again and again at another level each time, in blocks of uneven length. */
function speech(directory: string, frames: number): MelBlock[] {
  const { mel } = readGolden(directory).mel;
  const blocks: MelBlock[] = [];
  for (let at = 0, n = 1; at < frames; at += blocks.at(-1)!.frames, n = (n * 5) % 97) {
    const length = Math.min(n, frames - at);
    const block = Float32Array.from({ length: length * 128 }, (_, i) => {
      const place = at * 128 + i;
      return mel[place % mel.length] - Math.floor(place / mel.length) / 8;
    });
    blocks.push({ firstFrame: at, frames: length, mel: block });
  }
  return blocks;
}

/** Controls among the blocks. */
function withControls(blocks: readonly MelBlock[]): (MelBlock | Control)[] {
  return blocks.flatMap((block, n): (MelBlock | Control)[] => {
    if (n % 11 === 3) return [{ control: 'flush' }, block];
    return n % 7 === 5 ? [block, { control: 'rate', rate: 5 }] : [block];
  });
}

describe.each(
  BUNDLES.filter(([, directory]) =>
    present(directory.replace(/.*\//, 'bundle '), existsSync(directory)),
  ),
)('encodeInLanes with bundle %s', (_, directory) => {
  let bundle: Bundle;
  const encoders: EncoderBackend[] = [];
  let blocks: MelBlock[];
  let field: number;
  /** Of the field, upon the grid. */
  let half: number;

  beforeAll(async () => {
    bundle = await readBundle(directory);
    encoders.push(await createCachedEncoder(bundle, { precision: 'int8', workers: 1 }));
    encoders.push(
      await createCachedEncoder(bundle, { precision: 'int8', workers: 2, gathers: true }),
    );
    field = encoders[0].shape.fieldTokens;
    const { chunkTokens } = encoders[0].shape;
    half = Math.ceil(field / 2 / chunkTokens) * chunkTokens;
    blocks = speech(directory, 2 * (2 * field + 200) + 1);
  });
  afterAll(() => Promise.all(encoders.map((encoder) => encoder.close())));

  const all = (source: Observable<FeatureBlock | Control>): Promise<(FeatureBlock | Control)[]> =>
    lastValueFrom(source.pipe(toArray()));
  const single = (values: readonly (MelBlock | Control)[]) =>
    all(from(values).pipe(encode(encoders[0], { mel: bundle.config.mel })));

  it('gives the bits of a single session, however many lanes and however long', async () => {
    const right = await single(blocks);
    for (const [lanes, laneTokens] of [
      [3, field],
      [32, half],
    ]) {
      const options = { mel: bundle.config.mel, lanes, laneTokens };
      const got = await all(from(blocks).pipe(encodeInLanes(encoders[1], options)));
      expect(got).toEqual(right);
    }
    for (const encoder of encoders) expect(encoder.status().streams).toBe(0);
  });

  it('keeps controls at their place, flushes in the middle of lanes and at their ends', async () => {
    const values = withControls(blocks);
    const options = { mel: bundle.config.mel, lanes: 4, laneTokens: half };
    const got = await all(from(values).pipe(encodeInLanes(encoders[1], options)));
    expect(got).toEqual(await single(values));
    expect(got.filter(isControl).length).toBeGreaterThan(3);
  });

  it('lets every session go when it is left in the middle', async () => {
    const options = { mel: bundle.config.mel, lanes: 4, laneTokens: half };
    await new Promise<void>((left) => {
      const subscription = from(blocks)
        .pipe(encodeInLanes(encoders[1], options))
        .subscribe(() => {
          subscription.unsubscribe();
          left();
        });
    });
    // A session that was waiting for its turn is opened and let go.
    const again = await all(from(blocks).pipe(encodeInLanes(encoders[1], options)));
    expect(again).toEqual(await single(blocks));
    expect(encoders[1].status().streams).toBe(0);
  });
});
