import { describe, expect, it } from 'vitest';
import { encodeSamples } from '../../src/client/encodeSamples.ts';
import { openStream } from '../../src/client/index.ts';
import { resolveOptions } from '../../src/client/options.ts';

describe('options of openStream', () => {
  it.each([
    ['sampleRate', { sampleRate: 7999 }],
    ['sampleRate', { sampleRate: 44_100.5 }],
    ['channels', { channels: 7 }],
    ['bufferMs', { bufferMs: 0 }],
    ['giveUpMs', { giveUpMs: -1 }],
    ['pingMs', { pingMs: 1 }],
  ])('refuses a wrong %s: %o', (name, options) => {
    expect(() => resolveOptions(options)).toThrow(RangeError);
    expect(() => openStream('ws://127.0.0.1:1', options)).toThrow(new RegExp(name));
  });

  it('refuses a token and a ticket at once', () => {
    expect(() => resolveOptions({ token: 'a', ticket: async () => 'b' })).toThrow(TypeError);
  });

  it('fails with the reason when there is no server', async () => {
    const stream = openStream('ws://127.0.0.1:1', { giveUpMs: 50, backOffMs: 5 });
    const types: string[] = [];
    const error = await new Promise((done) =>
      stream.events$.subscribe({ next: ({ type }) => types.push(type), error: done }),
    );
    expect(error).toMatchObject({ code: 'SYLSTREAM_ERR_CONNECTION' });
    expect(types).toContain('reconnecting');
    await expect(stream.write(new Float32Array(1))).rejects.toMatchObject({
      code: 'SYLSTREAM_ERR_CLOSED',
    });
  });

  it('refuses broken moments, and audio beyond the buffer', async () => {
    const stream = openStream('ws://127.0.0.1:1', { channels: 2, bufferMs: 100 });
    stream.events$.subscribe({ error: () => undefined });
    await expect(stream.write(new Float32Array(3))).rejects.toMatchObject({
      code: 'SYLSTREAM_ERR_AUDIO_BYTES',
    });
    void stream.write(new Float32Array(2 * 3200)).catch(() => undefined);
    await expect(stream.write(new Float32Array(2))).rejects.toMatchObject({
      code: 'SYLSTREAM_ERR_OVERRUN',
    });
    stream.close();
  });
});

describe('encodeSamples', () => {
  it('rounds and clips s16le, keeps f32le, refuses telephone formats', () => {
    const samples = Float32Array.of(0, 1, -1, 2, 0.5);
    expect(new Int16Array(encodeSamples(samples, 's16le').buffer)).toEqual(
      Int16Array.of(0, 32_767, -32_768, 32_767, 16_384),
    );
    expect(new Float32Array(encodeSamples(samples, 'f32le').buffer)).toEqual(samples);
    expect(() => encodeSamples(samples, 'mulaw')).toThrow(TypeError);
  });
});
