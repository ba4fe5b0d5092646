import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Models } from '../../../src/models/loadModels.ts';
import { dial, greet } from '../../helpers/rawClient.ts';
import { tinyModels, withServer } from '../../helpers/server.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

const statusOf = async (url: string): Promise<unknown> =>
  ((await (await fetch(`${url}/readyz`)).json()) as { status: unknown }).status;

describe('a server whose memory is in use', () => {
  it('says memory wherever one looks, and admits again when its sessions are gone', async () => {
    const memoryMib = Math.ceil(process.memoryUsage.rss() / 2 ** 20) + 200;
    await withServer(models, { memoryMib }, async ({ url, streamUrl }) => {
      expect(await statusOf(url)).toBe('ok');
      const clients = [];
      for (let last = 'ready'; last === 'ready' && clients.length < 1000;) {
        const client = await dial(streamUrl);
        last = (await Promise.race([client.next('ready'), client.next('error')])).t;
        if (last === 'ready') clients.push(client);
        else expect((await client.closed) === 1013).toBe(true);
      }
      expect(clients.length).toBeGreaterThan(1);
      expect(await statusOf(url)).toBe('memory');
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toContain('\nsylstream_admission_rejected_total{reason="memory"} 1\n');

      for (const { socket } of clients) socket.close(1000);
      await Promise.all(clients.map(({ closed }) => closed));
      expect(await statusOf(url)).toBe('ok');
      await greet(streamUrl);
    });
  });

  it('admits again when all its clients were cut, and keeps their sessions', async () => {
    const memoryMib = Math.ceil(process.memoryUsage.rss() / 2 ** 20) + 100;
    await withServer(models, { memoryMib }, async (server) => {
      const { url, streamUrl } = server;
      const clients = [];
      while ((await statusOf(url)) === 'ok') clients.push(await greet(streamUrl));
      expect(clients.length).toBeGreaterThan(30);
      for (const { socket } of clients) socket.terminate();
      while ((await statusOf(url)) !== 'ok');
      expect(server.stock().parked).toBeGreaterThan(clients.length / 2);
      await greet(streamUrl);
      while (server.stock().live > 1) await statusOf(url);
      expect(server.stock()).toMatchObject({ live: 1, parked: clients.length });
    });
  });
});
