import { NEVER, throwError } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../../server/observe/log.ts';
import { loggable } from '../../../server/observe/loggable.ts';
import type { ServerOptions, Settings, SylstreamServer } from '../../../server/index.ts';
import { pipelineError } from '../../../server/session/pipelineError.ts';
import type { Models } from '../../../src/models/loadModels.ts';
import { dial, greet, tone } from '../../helpers/rawClient.ts';
import { tinyModels, withServer } from '../../helpers/server.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

type Line = Record<string, unknown> & { readonly msg: string; readonly level: number };

/** What a server logs while `act` runs, and after it has closed. */
async function logOf(
  act: (server: SylstreamServer) => Promise<unknown>,
  settings: Partial<Settings> = {},
  options: Partial<ServerOptions> = {},
): Promise<Line[]> {
  const lines: Line[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Line);
  const log = createLog('trace', { write });
  await withServer(models, settings, act, { log, ...options });
  return lines;
}

const ERROR = 50;

describe('the log', () => {
  it.each([true, false])(
    'holds no bytes of a client that sends garbage (JSON: %s)',
    async (json) => {
      const lines = await logOf(async ({ streamUrl }) => {
        for (const hello of [false, {}] as const) {
          const client = await dial(streamUrl, { json, hello });
          if (hello !== false) await client.next('ready');
          client.sendRaw(json ? '{"authorization": "Bearer SECRET' : Buffer.from('Bearer SECRET'));
          expect(await client.refusal()).toMatchObject({ code: 'malformed' });
          const typed = await dial(streamUrl, { json, hello });
          typed.send({ t: 'SECRET' });
          typed.send({ t: 'a', n: 'SECRET', d: 'SECRET' });
          await typed.refusal();
        }
      });
      expect(JSON.stringify(lines)).not.toContain('SECRET');
      expect(lines.filter(({ level }) => level >= ERROR)).toEqual([]);
      expect(lines.some(({ wire }) => wire === 'malformed')).toBe(true);
    },
  );

  it('says who came, and what became of them, with the codes of the wire', async () => {
    const lines = await logOf(async ({ streamUrl }) => {
      const first = await greet(streamUrl);
      first.send(tone(5, 100));
      await first.refusal();
      const hello = { resume: { token: first.ready.token, after: -1 } };
      const second = await greet(streamUrl, { hello });
      const third = await greet(streamUrl, { hello });
      await second.refusal();
      third.sendRaw(Buffer.from([0xc1]));
      await third.refusal();
      const refused = await dial(streamUrl, { headers: { host: 'evil' } });
      await refused.refusal();
    });
    expect(lines.filter(({ wire }) => wire !== undefined)).toMatchObject([
      { msg: 'session waits for its client', wire: 'audio_gap', close: 1002, address: '127.0.0.1' },
      {
        msg: 'session taken over',
        wire: 'superseded',
        close: 4409,
        sid: expect.any(String) as string,
      },
      { msg: 'session ended', wire: 'malformed', close: 1007, undecidedSeconds: 0 },
      {
        msg: 'refused',
        wire: 'origin',
        close: 4403,
        reason: expect.stringContaining('evil') as string,
      },
    ]);
  });

  it('says the address that a trusted proxy forwards, and the proxy’s', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9' };
    const act = async ({ streamUrl }: SylstreamServer) => {
      const client = await greet(streamUrl, { headers });
      client.socket.close(1000);
      await client.closed;
    };
    const trusting = await logOf(act, { trustProxy: ['loopback'] });
    expect(trusting.find(({ msg }) => msg === 'session')).toMatchObject({
      address: '203.0.113.9',
      proxy: '127.0.0.1',
    });
    const doubting = await logOf(async (server) => {
      await act(server);
      await act(server);
    });
    expect(doubting.find(({ msg }) => msg === 'session')).toMatchObject({ address: '127.0.0.1' });
    expect(doubting.filter(({ msg }) => msg.includes('not in trustProxy')).length).toBe(1);
  });

  it('says how ours happened, without what a parser quotes', async () => {
    const pipeline = () => throwError(() => new Error('the arena is gone'));
    const lines = await logOf(
      async ({ streamUrl }) => (await dial(streamUrl)).refusal(),
      {},
      { pipeline },
    );
    const [line] = lines.filter(({ level }) => level >= ERROR);
    expect(line).toMatchObject({ code: 'SYLSTREAM_ERR_INTERNAL', wire: 'internal', close: 1011 });
    expect(JSON.stringify(line)).toMatch(/the arena is gone.*log\.test\.ts/);
  });

  it('says what is there when a drain begins and ends', async () => {
    const lines = await logOf(
      async (server) => {
        await greet(server.streamUrl);
        await server.drain();
      },
      { drainMs: 0, closeTimeoutMs: 100 },
      { pipeline: () => NEVER },
    );
    expect(lines.find(({ msg }) => msg === 'draining')).toMatchObject({ live: 1, parked: 0 });
    expect(lines.find(({ msg }) => msg === 'drained')).toMatchObject({ live: 0, parked: 0 });
  });
});

describe('loggable', () => {
  it.each([
    ['JSON.parse', () => JSON.parse('{"Bearer SECRET') as unknown],
    ['JSON.parse of a word', () => JSON.parse('SECRET') as unknown],
    ['URL', () => new URL('SECRET')],
    ['decodeURIComponent', () => decodeURIComponent('%SECRET')],
  ])('keeps nothing of what %s could not read', (_name, act) => {
    try {
      act();
      expect.unreachable();
    } catch (error) {
      const ours = pipelineError(error);
      for (const each of [loggable(error), loggable(ours), ours.message]) {
        expect(JSON.stringify(each)).not.toContain('SECRET');
      }
      expect(loggable(ours).cause?.type).toMatch(/Error$/);
      expect(loggable(error).at?.[0]).toMatch(/^at /);
    }
  });

  it('keeps code, message and causes of other errors, bounded', () => {
    const error = new RangeError('x'.repeat(1000), { cause: new Error('first') });
    expect(loggable(error)).toMatchObject({ type: 'RangeError', cause: { message: 'first' } });
    expect(loggable(error).message?.length).toBe(300);
    expect(loggable('text')).toEqual({ type: 'string' });
    const circle = new Error('a');
    circle.cause = circle;
    expect(JSON.stringify(loggable(circle)).length).toBeLessThan(20_000);
  });
});
