import { rmSync } from 'node:fs';
import { from, lastValueFrom, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeS16le } from '../../src/audio/pcm.ts';
import { readBundle } from '../../src/models/bundle/manifest.ts';
import { createUnitSpeaker } from '../../src/models/speak/unitSpeaker.ts';
import { speakUnits } from '../../src/operators/speakUnits.ts';
import { sylstream } from '../helpers/cli.ts';
import { joinChunks } from '../helpers/cuts.ts';
import { program } from '../helpers/require.ts';
import { clipSamples } from '../helpers/speech.ts';
import { speakingBundle } from '../helpers/speakingBundle.ts';
import { fileLoudspeaker } from '../helpers/virtualMicrophone.ts';

interface Next {
  readonly after: number;
  readonly units: readonly number[];
}

const speech = clipSamples('kathleen-a0002');
const pcm = encodeS16le(speech);

describe('sylstream listen --continue', { timeout: 120_000 }, () => {
  let bundle: string;
  beforeAll(() => {
    bundle = speakingBundle();
  });
  afterAll(() => rmSync(bundle, { recursive: true }));

  it.runIf(program('arecord') && program('aplay'))(
    'tells what comes next where the speaker stops, and speaks it to the loudspeaker',
    async () => {
      const { env, played } = fileLoudspeaker(pcm);
      const seconds = String(speech.length / 16_000);
      const args = ['listen', '--bundle', bundle, '--workers', '1', '--source', 'arecord'];
      const more = ['--seconds', seconds, '--continue', '1.5', '--speak', '--voice', 'two'];
      const { status, stdout, stderr } = await sylstream(
        [...args, ...more, '--loudspeaker', 'aplay'],
        { env },
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object);
      const units = lines.filter((line) => 'index' in line);
      const next = lines.filter((line): line is Next => 'hypothesis' in line);
      expect(next.length).toBeGreaterThan(0);
      expect(next.at(-1)!.after).toBeGreaterThan(units.length / 2);
      const speaker = await createUnitSpeaker(await readBundle(bundle));
      const ids = next.at(-1)!.units.map((id) => ({ id }));
      const said$ = from(ids).pipe(speakUnits(speaker, { voice: 'two' }), toArray());
      const expected = encodeS16le(joinChunks(await lastValueFrom(said$)));
      expect(played().subarray(0, expected.length)).toEqual(expected);
      expect(
        played()
          .subarray(expected.length)
          .every((byte) => byte === 0),
      ).toBe(true); // the device's last period
      await speaker.close();
    },
  );

  it('wants to know what to speak, and a voice that there is', async () => {
    const alone = await sylstream(['listen', '--speak']);
    expect(alone).toMatchObject({ status: 2, stdout: '' });
    expect(alone.stderr).toContain('--continue');
    const args = ['listen', '--bundle', bundle, '--continue', '1', '--speak', '--voice', 'three'];
    const voiced = await sylstream(args);
    expect(voiced.stderr).toMatch(/^SYLSTREAM_ERR_VOICE [^\n]*\n$/);
  });
});
