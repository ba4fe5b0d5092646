import { once } from 'node:events';
import { readFileSync, statSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { from, lastValueFrom, NEVER, of, startWith, throwError } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodeS16le } from '../../../src/audio/pcm.ts';
import type { PcmChunk } from '../../../src/core/types.ts';
import {
  toLoudspeaker,
  type ToLoudspeakerOptions,
} from '../../../src/streams/loudspeaker/toLoudspeaker.ts';
import { cutInto } from '../../helpers/cuts.ts';
import { present, program } from '../../helpers/require.ts';
import { clipSamples } from '../../helpers/speech.ts';
import {
  fileLoudspeaker,
  naudiodonIsHere,
  programs,
  withoutSound,
} from '../../helpers/virtualMicrophone.ts';

const SPEECH = clipSamples('kathleen-a0002').subarray(0, 40_000);
const BYTES = encodeS16le(SPEECH);

function machine(env: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
}

async function play(options?: ToLoudspeakerOptions, samples = SPEECH): Promise<void> {
  const lengths = Array.from({ length: Math.ceil(samples.length / 3200) }, () => 3200);
  const chunks = cutInto(samples, [1, 159, ...lengths]).map((part): PcmChunk => ({
    samples: part,
  }));
  await lastValueFrom(from(chunks).pipe(toLoudspeaker(options)), { defaultValue: undefined });
}

/** Samples that are not 0: a device that plays faster than real time has silence put between. */
function loud(bytes: Uint8Array): Int16Array {
  return new Int16Array(Uint8Array.from(bytes).buffer).filter((sample) => sample !== 0);
}

describe('toLoudspeaker', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each(['naudiodon', 'aplay'] as const)(
    'plays every sample, through %s',
    async (loudspeaker) => {
      const isHere =
        loudspeaker === 'naudiodon'
          ? present('naudiodon with ALSA', naudiodonIsHere())
          : program(loudspeaker);
      if (!isHere) return;
      const { env, played } = fileLoudspeaker();
      machine(env);
      const told: string[] = [];
      await play({ loudspeaker, onLoudspeaker: (name) => told.push(name) });
      expect(told).toEqual([loudspeaker]);
      expect(loud(played())).toEqual(loud(BYTES));
    },
  );

  it('goes on to the next player with all that the one before did not play', async () => {
    const path = programs({
      aplay: '/usr/bin/head -c 2000 > /dev/null; echo no card >&2; exit 1',
      paplay: `exec /bin/cat > "$0.raw"`,
    });
    machine({ ...withoutSound(), PATH: path });
    for (const samples of [SPEECH, SPEECH.subarray(0, 3000)]) {
      await play({ loudspeaker: 'auto' }, samples);
      expect(new Uint8Array(readFileSync(join(path, 'paplay.raw')))).toEqual(encodeS16le(samples));
    }
  });

  it('says why of each where nothing plays', async () => {
    machine({ ...withoutSound(), PATH: programs({ aplay: 'echo no card >&2; exit 1' }) });
    await expect(play()).rejects.toMatchObject({
      code: 'SYLSTREAM_ERR_LOUDSPEAKER',
      message: expect.stringMatching(
        /naudiodon: .*; aplay: no card \(exit status 1\); paplay: not installed; ffplay: not installed; see/s,
      ) as string,
    });
  });

  it('fails when a player breaks off in the middle, and does not begin again', async () => {
    const path = programs({ aplay: '/usr/bin/head -c 400000 > /dev/null; exit 3' });
    machine({ ...withoutSound(), PATH: path });
    const whole = new Float32Array(400_000);
    await expect(play({ loudspeaker: 'aplay' }, whole)).rejects.toMatchObject({
      message: expect.stringMatching(/expected it to go on, got the end of aplay/) as string,
    });
  });

  it('is silent within 20 ms of sound when it is left, though seconds wait', async () => {
    // A player in real time: 20 ms of sound each 20 ms.
    const path = programs({
      aplay: 'while /bin/dd bs=640 count=1 2>/dev/null >> "$0.raw"; do /bin/sleep 0.02; done',
    });
    machine({ ...withoutSound(), PATH: path });
    const raw = join(path, 'aplay.raw');
    const grown = once(watch(dirname(raw)), 'change');
    const leaving = of({ samples: SPEECH })
      .pipe(toLoudspeaker({ loudspeaker: 'aplay' }))
      .subscribe();
    await grown;
    while (statSync(raw).size < 6400) await new Promise((done) => setTimeout(done, 5));
    const before = statSync(raw).size;
    leaving.unsubscribe();
    await new Promise((done) => setTimeout(done, 200));
    expect(statSync(raw).size - before).toBeLessThanOrEqual(640);
    expect(before).toBeLessThan(BYTES.length);
  });

  it('starts nothing without sound, and hands on what the source fails with', async () => {
    machine({ ...withoutSound(), PATH: programs({}) });
    await lastValueFrom(from<PcmChunk[]>([]).pipe(toLoudspeaker()), { defaultValue: undefined });
    const broken$ = throwError(() => new Error('broken')).pipe(toLoudspeaker());
    await expect(lastValueFrom(broken$)).rejects.toThrow('broken');
    NEVER.pipe(startWith({ samples: new Float32Array(1) }), toLoudspeaker())
      .subscribe({ error: () => expect.unreachable() })
      .unsubscribe();
    expect(() => toLoudspeaker({ loudspeaker: 'horn' as 'aplay' })).toThrow(TypeError);
  });
});
