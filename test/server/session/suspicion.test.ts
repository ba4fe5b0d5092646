import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStream } from '../../../src/client/index.ts';
import { encodeS16le } from '../../../src/audio/pcm.ts';
import { loadModels, type Models } from '../../../src/models/loadModels.ts';
import type { Hello, WireError } from '../../../src/protocol/index.ts';
import { greet } from '../../helpers/rawClient.ts';
import { tinyModels, withServer } from '../../helpers/server.ts';
import { clipSamples, fixture } from '../../helpers/speech.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

const speech = clipSamples('kathleen-a0002');
const PIECE_BYTES = 3_200;

/** What a server says of audio, sent in pieces; the session must go on to its end. */
async function said(
  bytes: Uint8Array,
  audio: Partial<Hello['audio']> = {},
  by: Models = models,
): Promise<string[]> {
  return withServer(by, {}, async ({ streamUrl }) => {
    const format: Hello['audio'] = { fmt: 's16le', rate: 16_000, ch: 1, ...audio };
    const client = await greet(streamUrl, { hello: { audio: format } });
    const moment = (format.fmt === 'f32le' ? 4 : 2) * format.ch;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      client.send({ t: 'a', n: at / moment, d: bytes.subarray(at, at + PIECE_BYTES) });
    }
    client.send({ t: 'end' });
    expect(await client.next('done')).toMatchObject({ samples: bytes.length / moment });
    expect(await client.closed).toBe(1000);
    const errors = client.received.filter((message): message is WireError => message.t === 'error');
    for (const { code, fatal, ref } of errors) {
      expect({ code, fatal, ref }).toEqual({ code: 'audio_suspect', fatal: false, ref: 'a' });
    }
    return errors.map(({ msg }) => msg);
  });
}

describe('a server says of audio that looks wrong', () => {
  it('nothing where it is speech', async () => {
    expect(await said(encodeS16le(speech))).toEqual([]);
  });

  it('that a WAV file is sent with its header', async () => {
    const bytes = Uint8Array.from(readFileSync(fixture('kathleen-a0002.wav')));
    expect(await said(bytes)).toEqual([expect.stringContaining('the bytes of a WAV file')]);
  });

  it('that the bytes are in another order', async () => {
    const bytes = Uint8Array.from(Buffer.from(encodeS16le(speech)).swap16());
    const first = (await said(bytes))[0]; // the tiny bundle takes noise for a pause, and says so, too
    expect(first).toMatch(/noise at .*byte order/u);
  });

  it('that floats are at the scale of integers', async () => {
    const scaled = speech.map((sample) => sample * 32_768);
    const bytes = new Uint8Array(scaled.buffer);
    expect(await said(bytes, { fmt: 'f32le' })).toEqual([expect.stringContaining('of integers')]);
  });

  it('that two channels cancel each other out', async () => {
    const both = Float32Array.from({ length: 2 * speech.length }, (_, i) =>
      i % 2 === 0 ? speech[i >> 1] : -speech[i >> 1],
    );
    expect(await said(encodeS16le(both), { ch: 2 })).toEqual([
      expect.stringContaining('anti-phase'),
    ]);
  });

  it('that nobody spoke, before done', async () => {
    const small = await loadModels({ workers: 1 });
    try {
      expect(await said(new Uint8Array(96_000), {}, small)).toEqual([
        expect.stringMatching(/of pauses and nothing else/u),
      ]);
    } finally {
      await small.close();
    }
  });

  it('to the client of the library as a warning', () =>
    withServer(models, {}, async ({ streamUrl }) => {
      const stream = openStream(streamUrl, { format: 'f32le' });
      const codes: string[] = [];
      stream.events$.subscribe((event) => event.type === 'warning' && codes.push(event.error.code));
      await stream.write(speech.map((sample) => sample * 32_768));
      await stream.end();
      expect(codes).toEqual(['SYLSTREAM_ERR_AUDIO_SUSPECT']);
    }));
});
