import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Bundle } from '../../../src/models/bundle/bundle.ts';
import { readBundle } from '../../../src/models/bundle/manifest.ts';
import { createCachedEncoder } from '../../../src/models/encoder/cachedEncoder.ts';
import type { EncoderBackend, EncoderRows } from '../../../src/models/encoder/encoder.ts';
import { cachedEncoder } from '../../../src/models/encoder/remoteModel.ts';
import { melRowLength, rowShape } from '../../../src/models/encoder/melRow.ts';
import { createRemoteRunner } from '../../../src/models/encoder/remoteRunner.ts';
import { TINY } from '../../helpers/bundles.ts';
import { seeded } from '../../helpers/cuts.ts';
import { startInferenceServer, type InferenceServer } from '../../helpers/inferenceServer.ts';

let bundle: Bundle;
let local: EncoderBackend;
let server: InferenceServer;
let remote: EncoderBackend;
/** Whole chunks of two fields and a little. */
let chunks: Float32Array[];

beforeAll(async () => {
  bundle = await readBundle(TINY);
  local = await createCachedEncoder(bundle, { workers: 1 });
  const { chunkTokens, layers, windowTokens } = bundle.config.encoder;
  const random = seeded(1);
  const count = Math.ceil((2 * layers * windowTokens) / chunkTokens) + 3;
  chunks = Array.from({ length: count }, () => mel(chunkTokens, random));
});
afterAll(() => local.close());
beforeEach(async () => {
  server = await startInferenceServer(bundle);
  remote = await createCachedEncoder(bundle, { workers: 1, triton: server.address });
});
afterEach(async () => {
  await remote.close();
  server.close();
});

function mel(tokens: number, random: () => number): Float32Array {
  const length = melRowLength(rowShape(bundle.config.encoder), tokens);
  return Float32Array.from({ length }, () => random() - 0.5);
}

/** All rows of a stream: its chunks and a flush behind them; `before(n)` is called before the n-th step. */
async function rowsOf(
  encoder: EncoderBackend,
  before: (step: number) => void = () => undefined,
): Promise<EncoderRows[]> {
  const session = encoder.open();
  const rows: EncoderRows[] = [];
  for (const [n, chunk] of chunks.entries()) {
    before(n);
    rows.push(await session.step(chunk));
  }
  rows.push(await session.scratch(mel(3, seeded(2))));
  session.release();
  return rows.map((each) => structuredClone(each));
}

describe('the encoder behind a server', () => {
  it('gives the bits of the one that runs here', async () => {
    expect(await rowsOf(remote)).toEqual(await rowsOf(local));
    expect(server.steps).toBe(chunks.length + 1);
  });

  it.each(['forget', 'cut'] as const)(
    'gives them where the server %ss its streams, and sends the field and no more again',
    async (act) => {
      const at = [2, chunks.length - 2];
      const found = await rowsOf(remote, (n) => at.includes(n) && server[act]());
      expect(found).toEqual(await rowsOf(local));
      const { chunkTokens, fieldTokens } = remote.shape;
      const again = 2 + Math.ceil(fieldTokens / chunkTokens);
      expect(server.steps).toBe(chunks.length + 1 + again);
    },
  );

  it('gives them where the server hangs, and is there again', async () => {
    const found = rowsOf(remote, (n) => {
      if (n !== 3) return;
      server.hang();
      setTimeout(() => server.cut(), 50);
    });
    expect(await found).toEqual(await rowsOf(local));
  });

  it('refuses a server of another bundle', async () => {
    const other = await startInferenceServer(bundle, '0'.repeat(64));
    const encoder = cachedEncoder(bundle.config.encoder, 'for a server');
    const model = { triton: other.address, hash: bundle.hash, encoder };
    await expect(createRemoteRunner({ ...model, precision: 'int8' })).rejects.toMatchObject({
      code: 'SYLSTREAM_ERR_REMOTE',
    });
    other.close();
  });
});
