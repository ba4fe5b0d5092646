import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { NEVER } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { openStream, streamUnits } from '../../src/client/index.ts';
import type { StreamEvent } from '../../src/client/index.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { codecOf, SUBPROTOCOL_MSGPACK } from '../../src/protocol/index.ts';
import { fromPcm } from '../../src/streams/fromPcm.ts';
import { longSpeech, wholeUnits } from '../helpers/pipeline.ts';
import { tinyModels, withServer } from '../helpers/server.ts';
import { SERVER_EXAMPLES } from '../vectors/examples.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

describe('a stream', () => {
  it('leaves a server that went silent, and comes back', async () => {
    const mute = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(mute, 'listening');
    const codec = codecOf(SUBPROTOCOL_MSGPACK)!;
    mute.on('connection', (ws) =>
      ws.once('message', () => ws.send(codec.encode(SERVER_EXAMPLES['ready']))),
    );
    const { port } = mute.address() as AddressInfo;
    const stream = openStream(`ws://127.0.0.1:${port}`, {
      pingMs: 20,
      giveUpMs: 100_000,
      backOffMs: 1,
    });
    let connections = 0;
    await new Promise<void>((done) =>
      stream.events$.subscribe((event) => {
        if (event.type === 'ready' && ++connections === 2) done();
        if (event.type === 'reconnecting')
          expect(event.reason.code).toBe('SYLSTREAM_ERR_CONNECTION');
      }),
    );
    stream.close();
    mute.close();
  });

  it('gives up on a server that takes connections and never answers', async () => {
    const mute = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    const stream = openStream(`ws://127.0.0.1:${port}`, { connectTimeoutMs: 50, giveUpMs: 10 });
    const error = await new Promise((fail) => stream.events$.subscribe({ error: fail }));
    expect(error).toMatchObject({ code: 'SYLSTREAM_ERR_CONNECTION' });
    mute.close();
  });

  it('holds audio back when the server encodes nothing, and says overrun in time', () =>
    withServer(
      models,
      { aheadLiveMs: 500 },
      async ({ streamUrl }) => {
        const stream = openStream(streamUrl, { bufferMs: 1000 });
        const errors: unknown[] = [];
        stream.events$.subscribe({ error: (error) => errors.push(error) });
        let acknowledged = 0;
        stream.events$.subscribe((event) => {
          if (event.type === 'progress') ({ acknowledged } = event);
        });
        await stream.write(new Float32Array(8000));
        while (acknowledged < 8000) await new Promise((done) => setTimeout(done, 10));
        const writes = Array.from({ length: 30 }, () => stream.write(new Float32Array(1600)));
        const results = Promise.allSettled(writes);
        setTimeout(() => stream.close(), 600);
        const refused = (await results).filter(({ status }) => status === 'rejected');
        expect(acknowledged).toBe(8000);
        expect(refused.length).toBeGreaterThan(10);
        expect((refused[0] as PromiseRejectedResult).reason).toMatchObject({
          code: 'SYLSTREAM_ERR_OVERRUN',
        });
        expect(errors).toEqual([]);
      },
      { pipeline: () => NEVER },
    ));

  it('is an async iterator that ends after done, and leaves when the loop does', () =>
    withServer(models, {}, async ({ streamUrl, url }) => {
      const stream = openStream(streamUrl, { pace: 'file' });
      void stream.write(longSpeech(3)).then(() => stream.end());
      const events: StreamEvent[] = [];
      for await (const event of stream) events.push(event);
      expect(events[0]).toMatchObject({ type: 'ready' });
      expect(events.at(-1)).toMatchObject({ type: 'done' });

      const left = openStream(streamUrl);
      for await (const event of left) if (event.type === 'ready') break;
      await expect(left.write(new Float32Array(1))).rejects.toMatchObject({
        code: 'SYLSTREAM_ERR_CLOSED',
      });
      let metrics = '';
      while (!/^sylstream_sessions_live 0$/m.test(metrics)) {
        metrics = await (await fetch(`${url}/metrics`)).text();
      }
    }));

  it('passes errors of the server on, with their codes', () =>
    withServer(models, { token: 'right' }, async ({ streamUrl, url }) => {
      const fails = (options: object) =>
        new Promise((fail) => openStream(streamUrl, options).events$.subscribe({ error: fail }));
      expect(await fails({ token: 'wrong' })).toMatchObject({ code: 'SYLSTREAM_ERR_AUTH' });
      expect(await fails({ token: 'right', model: 'x' })).toMatchObject({
        code: 'SYLSTREAM_ERR_MODEL',
      });
      const ticket = async (): Promise<string> => {
        const headers = { authorization: 'Bearer right' };
        const response = await fetch(`${url}/v1/tickets`, { method: 'POST', headers });
        return ((await response.json()) as { ticket: string }).ticket;
      };
      const stream = openStream(streamUrl, { ticket });
      await stream.write(new Float32Array(16_000));
      stream.setRate(49);
      const warning = new Promise((done) =>
        stream.events$.subscribe((event) => event.type === 'warning' && done(event.error)),
      );
      expect(await warning).toMatchObject({ code: 'SYLSTREAM_ERR_OPTION' });
      await stream.end();
    }));
});

describe('streamUnits', () => {
  it('is speechUnits over a socket', async () => {
    const samples = longSpeech(4);
    const expected = await wholeUnits(samples, models);
    await withServer(models, {}, async ({ streamUrl }) => {
      const events: StreamEvent[] = [];
      await new Promise<void>((complete, error) =>
        streamUnits(fromPcm(samples), streamUrl, { pace: 'file', format: 'f32le' }).subscribe({
          next: (event) => events.push(event),
          error,
          complete,
        }),
      );
      expect(events.flatMap((event) => (event.type === 'unit' ? [event.unit] : []))).toEqual(
        expected,
      );
    });
  });
});
