import { mkdirSync, openSync, writeFileSync, writeSync, ftruncateSync, closeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { wavHeader } from '../../src/audio/wavWriter.ts';
import { createGate } from '../../src/streams/gate.ts';
import { fromWav } from '../../src/streams/fromWav.ts';
import { play, temporaryPath, wavBytes } from '../helpers/recording.ts';
import { CLIPS, clipSamples, fixture, floats } from '../helpers/speech.ts';

describe('fromWav', () => {
  it.each(CLIPS)('gives the samples of %s', async (clip) => {
    const { samples, error } = await play(fromWav(fixture(`${clip}.wav`)));
    expect(error).toBeUndefined();
    expect(samples).toEqual(clipSamples(clip));
  });

  it('reads the file anew for each subscriber', async () => {
    const chunks$ = fromWav(fixture('kathleen-a0004.wav'));
    const [first, second] = await Promise.all([play(chunks$), play(chunks$)]);
    expect(second.samples).toEqual(first.samples);
  });

  it('takes the mean of stereo', async () => {
    const interleaved = floats('wav/f32le-stereo.f32');
    const mean = Float32Array.from(
      { length: interleaved.length / 2 },
      (_, i) => (interleaved[2 * i] + interleaved[2 * i + 1]) / 2,
    );
    const { samples, error } = await play(fromWav(fixture('wav/f32le-stereo.wav')));
    expect(samples).toEqual(mean);
    // 301 samples fill no window.
    expect(error).toMatchObject({ code: 'SYLSTREAM_ERR_AUDIO_SHORT' });
  });

  it('names a file that is not there and one that is a folder', async () => {
    const path = temporaryPath('nothing.wav');
    expect((await play(fromWav(path))).error).toMatchObject({
      code: 'SYLSTREAM_ERR_FILE_READ',
      message: expect.stringContaining(`expected a readable file at ${path}, got ENOENT`),
    });
    mkdirSync(path);
    expect((await play(fromWav(path))).error).toMatchObject({
      code: 'SYLSTREAM_ERR_FILE_READ',
      message: expect.stringContaining('EISDIR'),
    });
  });

  it.each([
    ['an empty file', new Uint8Array(0), 'SYLSTREAM_ERR_AUDIO_EMPTY'],
    ['a WAV file of 3 samples', wavBytes(new Float32Array(3)), 'SYLSTREAM_ERR_AUDIO_SHORT'],
    [
      'a truncated file',
      wavBytes(new Float32Array(3000)).subarray(0, 3001),
      'SYLSTREAM_ERR_WAV_TRUNCATED',
    ],
    ['text', Buffer.from('this is a letter'), 'SYLSTREAM_ERR_WAV_HEADER'],
  ])('refuses %s', async (_, bytes, code) => {
    const path = temporaryPath('bad.wav');
    writeFileSync(path, bytes);
    expect((await play(fromWav(path))).error).toMatchObject({ code });
  });

  it('reads an hour at the gate without taking it into memory', { timeout: 120_000 }, async () => {
    const path = temporaryPath('hour.wav');
    const bytes = 3600 * 32_000;
    const file = openSync(path, 'w');
    writeSync(file, wavHeader({ sampleRate: 16_000, channels: 1 }, bytes));
    ftruncateSync(file, 44 + bytes);
    closeSync(file);
    const gate = createGate();
    let sent = 0;
    let most = 0;
    const before = process.memoryUsage().arrayBuffers;
    await new Promise<void>((resolve, reject) => {
      fromWav(path, { gate, chunkSamples: 16_000 }).subscribe({
        next({ samples }) {
          sent += samples.length;
          const processed = sent;
          setImmediate(() => gate.processed(processed));
          if (sent % 1_600_000 === 0) {
            most = Math.max(most, process.memoryUsage().arrayBuffers - before);
          }
        },
        complete: resolve,
        error: reject,
      });
    });
    expect(sent).toBe(3600 * 16_000);
    // 115 MB of file, 230 MB as floats. What is not collected yet counts here too.
    expect(most).toBeLessThan(64 * 2 ** 20);
  });
});
