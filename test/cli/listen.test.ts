import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { joinedPauses } from '../../src/segments/pauseJoiner.ts';
import { loadModels } from '../../src/models/loadModels.ts';
import type { Unit } from '../../src/core/types.ts';
import { TINY } from '../helpers/bundles.ts';
import { ENGINE, jsonLines, sylstream } from '../helpers/cli.ts';
import { wholeUnits } from '../helpers/pipeline.ts';
import { present, program } from '../helpers/require.ts';
import { clipSamples, fixture } from '../helpers/speech.ts';
import {
  fileMicrophone,
  naudiodonIsHere,
  programs,
  withoutSound,
} from '../helpers/virtualMicrophone.ts';

const CLIP = fixture('kathleen-a0002.wav');
const SPEECH = clipSamples('kathleen-a0002');
const SECONDS = String(SPEECH.length / 16_000);
const PCM = readFileSync(CLIP).subarray(44);
const times = (units: readonly Unit[]): number[][] =>
  units.map((u) => [u.id, u.start, u.end, u.decided]);

describe('sylstream listen', () => {
  let expected: Unit[];
  beforeAll(async () => {
    const models = await loadModels({ bundle: TINY, workers: 1 });
    expected = joinedPauses(await wholeUnits(SPEECH, models));
    await models.close();
  });

  const sources = ['naudiodon', 'arecord'] as const;
  it.each(sources)(
    'gives the units of the file that an ALSA device plays, through %s',
    async (source) => {
      const here =
        source === 'naudiodon'
          ? present('naudiodon with ALSA', naudiodonIsHere())
          : program(source);
      if (!here) return;
      const { status, stdout, stderr } = await sylstream(
        ['listen', ...ENGINE, '--source', source, '--seconds', SECONDS],
        { env: fileMicrophone(PCM) },
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(times(jsonLines<Unit>(stdout))).toEqual(times(expected));
    },
  );

  it('decides what is open, prints it and ends with 0 at Ctrl-C', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sylstream-'));
    writeFileSync(join(folder, 'in.raw'), PCM);
    const env = {
      ...withoutSound(),
      // Ctrl-C comes when the program has been quiet for a while, that is, when all was heard.
      PATH: programs({
        parec: `/bin/cat ${folder}/in.raw; /bin/sleep 2; kill -INT $PPID; exec /bin/sleep 1000`,
      }),
    };
    const { status, signal, stdout } = await sylstream(['listen', ...ENGINE, '--source', 'parec'], {
      env,
    });
    expect({ status, signal }).toEqual({ status: 0, signal: null });
    const units = jsonLines<Unit>(stdout);
    expect(times(units)).toEqual(times(expected));
  });

  it('ends with status 6 and says why when there is no microphone', async () => {
    const env = { ...withoutSound(), PATH: programs({}) };
    const { status, stdout, stderr } = await sylstream(['listen', ...ENGINE], { env });
    expect({ status, stdout }).toEqual({ status: 6, stdout: '' });
    expect(stderr).toMatch(
      /^SYLSTREAM_ERR_MICROPHONE_MISSING [^\n]*install pulseaudio-utils[^\n]*\n$/,
    );
  });

  it('ends with status 6 when the native module crashes', async () => {
    if (!present('naudiodon with ALSA', naudiodonIsHere())) return;
    const { status, stderr } = await sylstream(['listen', ...ENGINE, '--source', 'naudiodon'], {
      env: withoutSound(),
    });
    expect(stderr).toMatch(/^SYLSTREAM_ERR_MICROPHONE_FAILED [^\n]*SIGABRT[^\n]*\n$/);
    expect(status).toBe(6);
  });
});
