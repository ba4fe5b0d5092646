import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StreamOptions } from '../../src/client/index.ts';
import { mulawToLinear } from '../../src/audio/g711.ts';
import { encodeS16le } from '../../src/audio/pcm.ts';
import type { Models } from '../../src/models/loadModels.ts';
import type { SpeechEvent } from '../../src/core/types.ts';
import { longSpeech } from '../helpers/pipeline.ts';
import { seeded } from '../helpers/cuts.ts';
import { greet } from '../helpers/rawClient.ts';
import { tinyModels, withServer } from '../helpers/server.ts';
import { finals, localEvents, remoteEvents } from '../helpers/wireScript.ts';
import type { Script } from '../helpers/wireScript.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

const MULAW = Float32Array.from({ length: 256 }, (_, code) => mulawToLinear(code));

function toMulaw(samples: Float32Array): Uint8Array {
  return Uint8Array.from(samples, (sample) => {
    let best = 0;
    MULAW.forEach((value, code) => {
      if (Math.abs(value - sample) < Math.abs(MULAW[best] - sample)) best = code;
    });
    return best;
  });
}

/** The n-th of many different streams: format, rate, channels, length, dial and flushes. */
function script(n: number): Script {
  const random = seeded(n);
  const speech = longSpeech(1.5 + 2 * random(), 0.3 + random(), n);
  const form = [
    { bytes: encodeS16le(speech), momentBytes: 2, options: { sampleRate: 16_000 } },
    { bytes: new Uint8Array(speech.buffer), momentBytes: 8, options: { format: 'f32le', sampleRate: 44_100, channels: 2 } }, // prettier-ignore
    { bytes: toMulaw(speech.subarray(0, 16_000)), momentBytes: 1, options: { format: 'mulaw', sampleRate: 8000 } }, // prettier-ignore
    { bytes: new Uint8Array(speech.buffer), momentBytes: 4, options: { format: 'f32le', features: true } }, // prettier-ignore
  ][n % 4] as { bytes: Uint8Array; momentBytes: number; options: StreamOptions };
  const moments = Math.floor(form.bytes.length / form.momentBytes);
  const acts = ['flush', 5, 6.25, 'natural', 7] as const;
  const controls = Array.from({ length: n % 3 }, (_, k) => ({
    at: Math.floor(random() * moments),
    act: acts[(n + k) % acts.length],
    ...(n % 4 === 3 && { from: Math.floor(random() * 40_000) }),
  })).sort((a, b) => a.at - b.at);
  return {
    ...form,
    bytes: form.bytes.subarray(0, moments * form.momentBytes),
    controls,
    options: {
      ...form.options,
      pace: n % 2 === 0 ? 'file' : 'live',
      partials: n % 5 === 0,
      json: n % 7 === 0,
      continuation: n % 3 !== 1,
    },
  };
}

/** A neighbour that sends speech-loud noise, then what is not finite or no message at all; returns its close code. */
async function misbehave(url: string, n: number): Promise<number> {
  const client = await greet(url, { hello: { audio: { fmt: 'f32le', rate: 16_000, ch: 1 } } });
  const noise = Float32Array.from({ length: 8000 }, (_, i) => Math.sin(i * i));
  client.send({ t: 'a', n: 0, d: new Uint8Array(noise.buffer) });
  client.send({ t: 'flush', id: n });
  await client.next('flushed');
  if (n % 2 === 0) client.sendRaw(Uint8Array.of(0xc1, n));
  else client.send({ t: 'a', n: 8000, d: new Uint8Array(Float32Array.of(NaN, 1e30).buffer) });
  return client.closed;
}

describe('units over the wire', () => {
  it('are those of speechUnits for 60 concurrent streams of every kind, in any messages, beside continuations and hostile ones', async () => {
    const scripts = Array.from({ length: 60 }, (_, n) => script(n));
    const expected: SpeechEvent[][] = [];
    for (const each of scripts) expected.push(await localEvents(each, models));
    expect(expected.flat().length).toBeGreaterThan(300);
    expect(expected.flat().filter(({ type }) => type === 'flushed').length).toBeGreaterThan(8);

    await withServer(models, { messagesPerSecond: 1_000_000 }, async ({ streamUrl }) => {
      const hostile = Promise.all(Array.from({ length: 20 }, (_, n) => misbehave(streamUrl, n)));
      const received = await Promise.all(
        scripts.map((each, n) =>
          remoteEvents(each, streamUrl, {}, { random: seeded(n + 100), longest: 30_000 }),
        ),
      );
      expect(await hostile).toEqual(Array(20).fill(1007));
      received.forEach((events, n) => expect(finals(events), `stream ${n}`).toEqual(expected[n]));
      expect(received.flat().some(({ type }) => type === 'provisional')).toBe(true);
      expect(received.flat().some(({ type }) => type === 'predicted')).toBe(true);
    });
  });

  it('are those of speechUnits for messages of one sample', async () => {
    const each = { ...script(0), bytes: script(0).bytes.subarray(0, 2 * 8000) };
    const expected = await localEvents(each, models);
    await withServer(models, { messagesPerSecond: 1_000_000 }, async ({ streamUrl }) => {
      const options = { random: seeded(1), longest: 1 };
      expect(finals(await remoteEvents(each, streamUrl, {}, options))).toEqual(expected);
    });
  });
});
