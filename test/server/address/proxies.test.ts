import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashToken } from '../../../server/admission/auth.ts';
import { createLog } from '../../../server/observe/log.ts';
import type { Models } from '../../../src/models/loadModels.ts';
import { withProxy } from '../../helpers/proxies.ts';
import type { ProxyName } from '../../helpers/proxies.ts';
import { dial, greet, tone } from '../../helpers/rawClient.ts';
import type { DialOptions } from '../../helpers/rawClient.ts';
import { program } from '../../helpers/require.ts';
import { tinyModels, withServer } from '../../helpers/server.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

/** As `docs/server.md` says: the proxy and the name; loopback itself is nobody special. */
const SETTINGS = { trustProxy: ['127.0.0.1'], hosts: ['app.example'], trustLoopback: false };
const PAGE = { host: 'app.example', origin: 'https://app.example' };

/** A client of the proxy that comes from an address of the machine. */
function from(localAddress: string, headers: Record<string, string> = PAGE): DialOptions {
  return { headers, connect: { localAddress, rejectUnauthorized: false } };
}

function get(
  port: number,
  path: string,
  headers: Record<string, string>,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path, headers, rejectUnauthorized: false };
    request(options, (response) => resolve(response.resume()))
      .on('error', reject)
      .end();
  });
}

describe.each<ProxyName>(['nginx', 'haproxy'])('behind %s, configured as the docs say', (name) => {
  const isHere = program(name) && program('openssl');
  const url = (port: number) => `wss://127.0.0.1:${port}/v1/stream`;

  it.runIf(isHere)(
    'a page of the server’s own name streams; no other page, and no other name',
    () =>
      withServer(models, SETTINGS, (server) =>
        withProxy(name, server, async (port) => {
          const client = await greet(url(port), from('127.0.0.2'));
          client.send(tone(0, 16_000));
          client.send({ t: 'end' });
          expect(await client.next('done')).toMatchObject({ samples: 16_000 });
          for (const headers of [
            { ...PAGE, origin: 'https://evil' },
            { ...PAGE, origin: 'http://app.example' },
            { host: 'evil', origin: 'https://evil' },
            { host: 'evil', origin: 'https://evil', 'x-forwarded-host': 'evil' },
            { host: 'evil', 'x-forwarded-host': 'app.example' },
          ]) {
            const refused = await dial(url(port), from('127.0.0.2', headers));
            expect((await refused.refusal()).code).toBe('origin');
          }
          expect((await get(port, '/metrics', { host: 'app.example' })).statusCode).toBe(200);
          expect((await get(port, '/metrics', { host: 'evil' })).statusCode).toBe(403);
        }),
      ),
  );

  it.runIf(isHere)('metrics and streams want the token', () =>
    withServer(models, { ...SETTINGS, tokenHashes: [hashToken('right')] }, (server) =>
      withProxy(name, server, async (port) => {
        const { host } = PAGE;
        const authorization = 'Bearer right';
        expect((await get(port, '/metrics', { host })).statusCode).toBe(401);
        expect((await get(port, '/metrics', { host, authorization })).statusCode).toBe(200);
        const without = await dial(url(port), from('127.0.0.2'));
        expect((await without.refusal()).code).toBe('auth');
        await greet(url(port), from('127.0.0.2', { ...PAGE, authorization }));
      }),
    ),
  );

  it.runIf(isHere)(
    'bounds are each client’s own, whatever it says of itself, and the log names it',
    () => {
      const lines: string[] = [];
      const log = createLog('info', { write: (line: string) => void lines.push(line) });
      return withServer(
        models,
        { ...SETTINGS, openPerAddress: 2, newPerAddressPerSecond: 1000 },
        (server) =>
          withProxy(name, server, async (port) => {
            for (let i = 0; i < 2; i++) await greet(url(port), from('127.0.0.2'));
            for (const lie of [
              {},
              { 'x-forwarded-for': '203.0.113.9' },
              { forwarded: 'for=203.0.113.9' },
              { 'x-real-ip': '203.0.113.9' },
            ]) {
              const third = await dial(url(port), from('127.0.0.2', { ...PAGE, ...lie }));
              expect((await third.refusal()).code).toBe('rate_limited');
            }
            await greet(url(port), from('127.0.0.3'));
            const session = lines.find((line) => line.includes('"msg":"session"'))!;
            expect(JSON.parse(session)).toMatchObject({ address: '127.0.0.2', proxy: '127.0.0.1' });
            expect(lines.join('')).not.toContain('203.0.113.9');
          }),
        { log },
      );
    },
  );
});
