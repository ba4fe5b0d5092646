import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstValueFrom, lastValueFrom, type Observable, take, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromMicrophone } from '../../../src/streams/microphone/fromMicrophone.ts';
import { takeSamples } from '../../../src/streams/takeSamples.ts';
import type { PcmChunk } from '../../../src/core/types.ts';
import { present } from '../../helpers/require.ts';
import { clipSamples, fixture } from '../../helpers/speech.ts';
import {
  fileMicrophone,
  naudiodonIsHere,
  programs,
  scratch,
  withoutSound,
} from '../../helpers/virtualMicrophone.ts';

const saved = { ...process.env };
const PCM = readFileSync(fixture('kathleen-a0002.wav')).subarray(44);
const SPEECH = clipSamples('kathleen-a0002');
/** Repeats four samples, as s16le: 1, 2, 3, 4. */
const COUNT = "while :; do printf '\\001\\000\\002\\000\\003\\000\\004\\000'; done";

beforeEach(() => void Object.assign(process.env, withoutSound()));
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in saved)) delete process.env[name];
  Object.assign(process.env, saved);
});

const path = (scripts: Record<string, string>): void => {
  process.env['PATH'] = programs(scripts);
};

async function samplesOf(source: Observable<PcmChunk>): Promise<Float32Array> {
  const chunks = await lastValueFrom(source.pipe(toArray()));
  return Float32Array.from(chunks.flatMap(({ samples }) => [...samples]));
}

const failure = (source: Observable<PcmChunk>): Promise<unknown> =>
  lastValueFrom(source, { defaultValue: undefined }).then(
    () => undefined,
    (error: unknown) => error,
  );

/** Resolves when no process has this number any more. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((next) => setImmediate(next));
  }
}

describe('fromMicrophone', () => {
  const naudiodon = present('naudiodon with ALSA', naudiodonIsHere());

  it.runIf(naudiodon)('gives the very samples of an ALSA device through naudiodon', async () => {
    Object.assign(process.env, fileMicrophone(PCM));
    const heard = await samplesOf(
      fromMicrophone({ source: 'naudiodon' }).pipe(takeSamples(SPEECH.length)),
    );
    expect(heard).toEqual(SPEECH);
  });

  it.runIf(naudiodon)('lives on when the native module crashes, and says so', async () => {
    const error = await failure(fromMicrophone({ source: 'naudiodon' }));
    expect(error).toMatchObject({ code: 'SYLSTREAM_ERR_MICROPHONE_FAILED' });
    expect(String(error)).toMatch(/naudiodon: .*(SIGABRT|134)/);
  });

  it('takes the first source that gives samples and tells which', async () => {
    path({ parec: 'echo "no server" >&2; exit 1', arecord: COUNT });
    const told: string[] = [];
    const source = fromMicrophone({ onSource: (name) => told.push(name) }).pipe(takeSamples(8));
    const heard = await samplesOf(source);
    expect(Array.from(heard, (sample) => sample * 32_768)).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
    expect(told).toEqual(['arecord']);
  });

  it('joins samples that a pipe has cut', async () => {
    path({
      parec:
        "printf '\\001'; /bin/sleep 0.2; printf '\\000\\002'; /bin/sleep 0.2; printf '\\000'; exec /bin/sleep 60",
    });
    const heard = await samplesOf(fromMicrophone({ source: 'parec' }).pipe(takeSamples(2)));
    expect(Array.from(heard, (sample) => sample * 32_768)).toEqual([1, 2]);
  });

  it('hands rate and device to the program', async () => {
    const note = join(scratch(), 'args');
    path({ parec: `echo "$@" > ${note}; ${COUNT}` });
    const options = { source: 'parec', device: 'my mic', sampleRate: 48_000 } as const;
    await firstValueFrom(fromMicrophone(options));
    const args = readFileSync(note, 'utf8');
    expect(args).toContain('--rate=48000');
    expect(args).toContain('--device my mic');
  });

  it('kills the program when it is unsubscribed', async () => {
    const note = join(scratch(), 'pid');
    path({ parec: `echo $$ > ${note}; printf '\\001\\000'; exec /bin/sleep 1000` });
    await firstValueFrom(fromMicrophone({ source: 'parec' }).pipe(take(1)));
    await gone(Number(readFileSync(note, 'utf8')));
  });

  it('starts a program of its own for each subscription', async () => {
    const note = join(scratch(), 'pids');
    path({ parec: `echo $$ >> ${note}; ${COUNT}` });
    const microphone$ = fromMicrophone({ source: 'parec' });
    await Promise.all([firstValueFrom(microphone$), firstValueFrom(microphone$)]);
    expect(new Set(readFileSync(note, 'utf8').trim().split('\n')).size).toBe(2);
  });

  it('fails when a recording breaks off, with what the program said, and tries no other', async () => {
    path({
      parec: "printf '\\001\\000'; /bin/sleep 0.2; echo 'Connection terminated' >&2; exit 1",
      arecord: COUNT,
    });
    const error = await failure(fromMicrophone({ source: 'parec' }));
    expect(error).toMatchObject({ code: 'SYLSTREAM_ERR_MICROPHONE_FAILED' });
    expect(String(error)).toContain('parec: Connection terminated (exit status 1)');
  });

  it('fails when a program crashes in the middle', async () => {
    path({ parec: "printf '\\001\\000'; /bin/sleep 0.2; kill -SEGV $$" });
    const error = await failure(fromMicrophone({ source: 'parec' }));
    expect(error).toMatchObject({ code: 'SYLSTREAM_ERR_MICROPHONE_FAILED' });
    expect(String(error)).toContain('SIGSEGV');
  });

  it('says of every source why it gives nothing, and what to install', async () => {
    path({ arecord: 'echo "no soundcards found" >&2; exit 1' });
    const error = await failure(fromMicrophone());
    expect(error).toMatchObject({ code: 'SYLSTREAM_ERR_MICROPHONE_MISSING' });
    const { message } = error as Error;
    expect(message).toMatch(
      /^expected a microphone, got naudiodon: .+; parec: not installed; arecord: no soundcards/,
    );
    expect(message).toMatch(
      /ffmpeg: not installed; .*install pulseaudio-utils \(parec\), alsa-utils/,
    );
  });

  it.each([
    [{ source: 'gramophone' as 'parec' }, TypeError, /source must be one of auto, naudiodon/],
    [{ sampleRate: 4_000 }, RangeError, /sampleRate must be .*4000/],
  ])('refuses %o at once', (options, kind, message) => {
    expect(() => fromMicrophone(options)).toThrow(kind);
    expect(() => fromMicrophone(options)).toThrow(message);
  });
});
