import * as fc from 'fast-check';
import { take } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createGate } from '../../src/streams/gate.ts';
import { fromPcm } from '../../src/streams/fromPcm.ts';
import type { PcmChunk } from '../../src/core/types.ts';
import { seeded } from '../helpers/cuts.ts';
import { play } from '../helpers/recording.ts';
import { clipSamples } from '../helpers/speech.ts';

const speech = clipSamples('kathleen-a0004');
const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

afterEach(() => void vi.useRealTimers());

describe('fromPcm', () => {
  it('gives the samples in chunks of 100 ms, the last one shorter', async () => {
    const { chunks, samples, error } = await play(fromPcm(speech));
    expect(error).toBeUndefined();
    expect(samples).toEqual(speech);
    expect(chunks.map((chunk) => chunk.samples.length)).toEqual([
      ...Array.from({ length: 26 }, () => 1600),
      254,
    ]);
  });

  it('gives the same samples in chunks of any length', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 160_000 }), async (chunkSamples) => {
        const part = speech.subarray(0, 5000);
        const { chunks, samples } = await play(fromPcm(part, { chunkSamples }));
        expect(samples).toEqual(part);
        expect(chunks).toHaveLength(Math.ceil(5000 / chunkSamples));
      }),
      { numRuns: 20, examples: [[1], [160_000]] },
    );
  });

  it('gives 16 kHz mono of any rate and channels', async () => {
    const stereo = new Float32Array(2 * 48_000).fill(0.25);
    const { samples } = await play(fromPcm(stereo, { sampleRate: 48_000, channels: 2 }));
    expect(samples).toHaveLength(16_000);
    expect(samples.subarray(1000, 15_000).every((value) => Math.abs(value - 0.25) < 1e-4)).toBe(
      true,
    );
  });

  it('completes without a chunk when there are no samples', async () => {
    expect(await play(fromPcm(new Float32Array(0)))).toEqual({
      chunks: [],
      samples: new Float32Array(0),
      error: undefined,
    });
  });

  it('gives what is good before a sample that is not finite, then the error', async () => {
    const broken = speech.slice();
    broken[2000] = Number.NaN;
    const { samples, error } = await play(fromPcm(broken));
    expect(samples).toEqual(speech.subarray(0, 2000));
    expect(error).toMatchObject({
      code: 'SYLSTREAM_ERR_AUDIO_NOT_FINITE',
      message: expect.stringContaining('at sample 2000'),
    });
  });

  it('starts anew for each subscriber', async () => {
    const chunks$ = fromPcm(speech);
    const [first, second] = await Promise.all([play(chunks$), play(chunks$)]);
    expect(second.samples).toEqual(first.samples);
  });

  it('plays in real time: each chunk comes when its last sample has been heard', async () => {
    vi.useFakeTimers();
    const times: number[] = [];
    const started = performance.now();
    let completed = false;
    fromPcm(speech.subarray(0, 4000), { realtime: true }).subscribe({
      next: () => times.push(Math.round(performance.now() - started)),
      complete: () => (completed = true),
    });
    await vi.advanceTimersByTimeAsync(99);
    expect(times).toEqual([]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(times).toEqual([100, 200, 250]);
    expect(completed).toBe(true);
  });

  it('keeps the time in real time when the program was busy for a while', async () => {
    vi.useFakeTimers();
    const times: number[] = [];
    const started = performance.now();
    fromPcm(speech.subarray(0, 6400), { realtime: true }).subscribe(() =>
      times.push(Math.round(performance.now() - started)),
    );
    await vi.advanceTimersByTimeAsync(100);
    // 250 ms pass without a turn for any timer.
    vi.advanceTimersByTime(250);
    await vi.advanceTimersByTimeAsync(100);
    // The second and the third are late, not their successor.
    expect(times).toEqual([100, 350, 350, 400]);
  });

  it('stops its timer when unsubscribed', async () => {
    vi.useFakeTimers();
    const chunks: PcmChunk[] = [];
    const subscription = fromPcm(speech, { realtime: true }).subscribe((chunk) =>
      chunks.push(chunk),
    );
    await vi.advanceTimersByTimeAsync(250);
    subscription.unsubscribe();
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(1000);
    expect(chunks).toHaveLength(2);
  });

  it('waits at a shut gate and goes on as the pipeline does', async () => {
    const gate = createGate({ aheadMs: 1000 });
    let sent = 0;
    let completed = false;
    fromPcm(new Float32Array(80_000), { gate }).subscribe({
      next: ({ samples }) => (sent += samples.length),
      complete: () => (completed = true),
    });
    for (let i = 0; i < 20; i++) await tick();
    // Samples 0 to 16,000 may begin a chunk.
    expect(sent).toBe(17_600);
    gate.processed(16_000);
    for (let i = 0; i < 20; i++) await tick();
    expect(sent).toBe(33_600);
    gate.processed(80_000);
    for (let i = 0; i < 20; i++) await tick();
    expect(sent).toBe(80_000);
    expect(completed).toBe(true);
  });

  it('leaves a shut gate when unsubscribed', async () => {
    const gate = createGate({ aheadMs: 1000 });
    let sent = 0;
    const subscription = fromPcm(new Float32Array(80_000), { gate }).subscribe(() => sent++);
    for (let i = 0; i < 20; i++) await tick();
    subscription.unsubscribe();
    gate.processed(80_000);
    for (let i = 0; i < 5; i++) await tick();
    expect(sent).toBe(11);
  });

  it('lets other work have its turn even without a gate', async () => {
    const random = seeded(1);
    const minute = Float32Array.from({ length: 960_000 }, () => random() - 0.5);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await play(fromPcm(minute));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(30);
  });

  it('ends early when its subscriber has enough', async () => {
    const { chunks } = await play(fromPcm(speech).pipe(take(2)));
    expect(chunks).toHaveLength(2);
  });

  it.each([
    [{ chunkSamples: 0 }, 'chunkSamples must be a whole number from 1 to 160000, got 0'],
    [{ chunkSamples: 1.5 }, 'got 1.5'],
    [{ chunkSamples: 160_001 }, 'got 160001'],
    [{ sampleRate: 0 }, 'sampleRate must be a whole number from 8000 to 192000 (Hz), got 0'],
    [{ channels: 7 }, 'channels must be a whole number from 1 to 6, got 7'],
  ])('refuses %o', (options, message) => {
    expect(() => fromPcm(speech, options)).toThrow(RangeError);
    expect(() => fromPcm(speech, options)).toThrow(message);
  });

  it('refuses samples that are no Float32Array', () => {
    expect(() => Reflect.apply(fromPcm, undefined, [[0, 1]])).toThrow(
      new TypeError('samples must be a Float32Array, got object'),
    );
  });
});
