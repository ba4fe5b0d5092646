import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { from, lastValueFrom, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeS16le } from '../../src/audio/pcm.ts';
import type { Unit } from '../../src/core/types.ts';
import { speakUnits } from '../../src/operators/speakUnits.ts';
import type { StreamPool } from '../../src/streams/pool/poolTypes.ts';
import { createStreamPool } from '../../src/streams/pool/streamPool.ts';
import { jsonLines } from '../helpers/cli.ts';
import { joinChunks } from '../helpers/cuts.ts';
import { pythonExample, pythonWith } from '../helpers/python.ts';
import { withPool } from '../helpers/server.ts';
import { speakingBundle } from '../helpers/speakingBundle.ts';
import { fixture } from '../helpers/speech.ts';

const CLIP = fixture('kathleen-a0002.wav');

describe.runIf(pythonWith('websockets, msgpack'))('the Python client', { timeout: 120_000 }, () => {
  let bundle: string;
  let pool: StreamPool;
  beforeAll(async () => {
    bundle = speakingBundle();
    pool = await createStreamPool({ bundle, shards: 1, lm: false, speak: true });
  });
  afterAll(async () => {
    await pool.close();
    rmSync(bundle, { recursive: true });
  });

  it('has the units of a recording spoken, and says why where it is not done', () =>
    withPool(pool, { filePace: 1000, speechPace: 1000 }, async ({ streamUrl }) => {
      const out = join(bundle, 'said.wav');
      const args = ['stream_wav.py', '--url', streamUrl, '--speak', out, CLIP, '--voice'];
      const { stdout, stderr } = await pythonExample([...args, 'two']);
      expect(stderr).toBe('');
      const units = jsonLines<Unit>(stdout);
      expect(units.length).toBeGreaterThan(5);
      const chunks = from(units).pipe(speakUnits(pool.speaker!, { voice: 'two' }), toArray());
      const expected = encodeS16le(joinChunks(await lastValueFrom(chunks)));
      expect(new Uint8Array(readFileSync(out).subarray(44))).toEqual(expected);

      const refused = await pythonExample([...args, 'three']);
      expect(refused.stderr).toMatch(/^voice: expected a voice among one, two, got "three"\n$/);
      expect(jsonLines(refused.stdout)).toHaveLength(units.length);
    }));
});
