import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStateReader } from '../../../src/core/savedState.ts';
import { samplesForTokens } from '../../../src/core/time.ts';
import type { BundleConfig } from '../../../src/models/bundle/bundle.ts';
import { createSegmenter } from '../../../src/segments/segmenter.ts';
import { segmenterConfig } from '../../../src/streams/segmenterConfig.ts';
import { readImported } from '../../../src/streams/pool/readImported.ts';
import type { StreamPool } from '../../../src/streams/pool/poolTypes.ts';
import type { Snapshot } from '../../../src/streams/pool/shardMessages.ts';
import { createStreamPool } from '../../../src/streams/pool/streamPool.ts';
import { TINY } from '../../helpers/bundles.ts';
import { seeded } from '../../helpers/cuts.ts';
import { encodePcm } from '../../helpers/encodePcm.ts';
import { longSpeech } from '../../helpers/pipeline.ts';

const MUTATIONS = 40_000;
const OPTIONS = { partials: true, holdRate: true, rate: 6.25 } as const;

describe('the thin state of a stream from elsewhere', () => {
  let pool: StreamPool;
  const states: Uint8Array[] = [];

  beforeAll(async () => {
    pool = await createStreamPool({ bundle: TINY, lm: false, shards: 1 });
    const bytes = encodePcm(longSpeech(8), 's16le');
    await new Promise<void>((completed, failed) => {
      const stream = pool.open({ encoding: 's16le', sampleRate: 16_000, channels: 1 }, OPTIONS, {
        event: () => undefined,
        completed,
        failed,
        snapshot: ({ state }: Snapshot) => void states.push(state),
      });
      const feed = async (): Promise<void> => {
        for (let at = 0; at < bytes.length; at += 10_000) {
          stream.audio(bytes.subarray(at, at + 10_000));
          stream.snapshot();
          if (at === 100_000) stream.control({ control: 'rate', rate: 5, fromSample: 90_000 });
          const known = states.length;
          while (states.length === known) await new Promise((done) => setImmediate(done));
        }
        stream.end();
      };
      feed().catch(failed);
    });
  });
  afterAll(() => pool.close());

  it('is read as it was written', () => {
    expect(states.length).toBeGreaterThan(10);
    for (const state of states) {
      const { token, from, events } = readImported(pool.bundle.config, OPTIONS, state);
      expect(token % 8).toBe(0);
      expect(from).toBeLessThan(token);
      expect(events).toBeGreaterThanOrEqual(0);
    }
  });

  it(`is refused with a RangeError, or goes on within its bounds, ${MUTATIONS} times mutated`, () => {
    const random = seeded(1);
    const { config } = pool.bundle;
    const outcomes = { refused: 0, taken: 0 };
    for (let n = 0; n < MUTATIONS; n++) {
      const state = mutated(states[Math.floor(random() * states.length)], random);
      try {
        readImported(config, OPTIONS, state);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        outcomes.refused++;
        continue;
      }
      if (outcomes.taken++ % 200 === 0) goOn(config, state, random);
    }
    expect(outcomes.refused).toBeGreaterThan(MUTATIONS / 4);
    expect(outcomes.taken).toBeGreaterThan(0);
  }, 120_000);
});

/** One to three numbers of a state are others, or it is shorter or longer. */
function mutated(state: Uint8Array, random: () => number): Uint8Array {
  const copy = state.slice();
  const doubles = new Float64Array(copy.buffer);
  const choices = [NaN, Infinity, -Infinity, 0, -1, 1, 0.5, 1e15, 2 ** 53, -(2 ** 53), 1e308];
  for (let count = 1 + Math.floor(3 * random()); count > 0; count--) {
    const at = Math.floor(random() * (random() < 0.5 ? 60 : doubles.length));
    const kind = random();
    if (kind < 0.5) doubles[at] = choices[Math.floor(random() * choices.length)];
    else if (kind < 0.8) doubles[at] += Math.floor(5 * random()) - 2;
    else copy[8 * at + Math.floor(8 * random())] ^= 1 << Math.floor(8 * random());
  }
  const kind = random();
  if (kind < 0.02) return copy.subarray(0, Math.floor(random() * copy.length));
  if (kind < 0.04)
    return Uint8Array.of(...copy, ...copy.subarray(0, 1 + Math.floor(16 * random())));
  return copy;
}

/** A segmenter that took a state goes through 4 s more, and keeps no more than it may. */
function goOn(config: BundleConfig, state: Uint8Array, random: () => number): void {
  const from = createStateReader(state, { isThin: true });
  const { delayTokens, chunkTokens, featureWidth } = config.encoder;
  const segmenter = createSegmenter({ ...OPTIONS, config: segmenterConfig(config) });
  const token = from.number();
  for (let i = 0; i < 4; i++) from.number(); // controls, events, sample, the feed's token
  from.float32s(delayTokens);
  from.float32s();
  segmenter.restore!(from);
  const rows = (first: number, tokens: number) => ({
    firstToken: first,
    tokens,
    features: Float32Array.from({ length: tokens * featureWidth }, random),
    boundary: Float32Array.from({ length: tokens }, () => 8 * random() - 4),
    speech: Float32Array.from({ length: tokens }, random),
    availableSample: samplesForTokens(first + tokens),
    scratch: false,
  });
  try {
    segmenter.refill(rows(segmenter.firstKept, 2048));
    segmenter.refilled();
    for (let at = token - delayTokens; at < token + 200; at += chunkTokens)
      void [...segmenter.push(rows(at, chunkTokens))];
    segmenter.flush();
  } catch (error) {
    expect(error).toMatchObject({ code: 'SYLSTREAM_ERR_ENCODER' });
  }
}
