import { from, lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { segmentOffline } from '../../src/segments/segmentOffline.ts';
import { loadModels } from '../../src/models/loadModels.ts';
import { encode } from '../../src/operators/encode.ts';
import { logMel } from '../../src/operators/logMel.ts';
import { segment } from '../../src/operators/segment.ts';
import {
  isControl,
  type Control,
  type FeatureBlock,
  type PcmChunk,
  type Segment,
} from '../../src/core/types.ts';
import { TINY } from '../helpers/bundles.ts';
import { longSpeech } from '../helpers/pipeline.ts';
import { joinBlocks } from '../helpers/rows.ts';

/** An hour of speech that never repeats itself exactly: the gain drifts. */
function* hour(): Generator<PcmChunk> {
  const speech = longSpeech(60);
  for (let minute = 0; minute < 60; minute++) {
    yield { samples: speech.map((value) => value * (0.5 + minute / 100)) };
  }
}

describe('an hour of one stream', () => {
  it('has the boundaries of a fresh offline search over the same hour', async () => {
    const models = await loadModels({ bundle: TINY, workers: 1 });
    const { mel, boundaries, units, encoder } = models.bundle.config;
    const config = { ...boundaries, ...units, ...encoder };
    const blocks: (FeatureBlock | Control)[] = [];
    const features$ = from(hour()).pipe(logMel(), encode(models.encoder, { mel }));
    await lastValueFrom(features$.pipe(toArray())).then((all) => blocks.push(...all));
    await models.close();
    const all = await lastValueFrom(
      from(blocks).pipe(segment({ config, maxDelayMs: Infinity }), toArray()),
    );
    const online = all as Segment[];
    const { availableSample } = blocks.findLast((value) => !isControl(value)) as FeatureBlock;
    const rows = joinBlocks(blocks);
    const offline = segmentOffline(
      { ...rows, firstToken: 0, availableSample, scratch: false },
      { config },
    );
    expect(online.length).toBeGreaterThan(10_000);
    expect(online.map(({ end }) => end)).toEqual(offline.map(({ end }) => end));
  }, 240_000);
});
