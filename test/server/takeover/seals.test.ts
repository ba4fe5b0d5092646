import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashToken } from '../../../server/admission/auth.ts';
import { createSealer } from '../../../server/session/sealer.ts';
import { decodeSession, encodeSession } from '../../../server/session/sealedSession.ts';
import type { SylstreamServer } from '../../../server/index.ts';
import type { Hello } from '../../../src/protocol/index.ts';
import { PipelineError } from '../../../src/core/errors.ts';
import { createStreamPool } from '../../../src/streams/pool/streamPool.ts';
import { TINY_CAUSAL } from '../../helpers/bundles.ts';
import { seeded } from '../../helpers/cuts.ts';
import { createGateways, KEYS, type Gateways } from '../../helpers/gateways.ts';
import { dial, greet, tone } from '../../helpers/rawClient.ts';

/** Of seals, and of contents under a good one, in a run of all tests; more of them by hand. */
const MUTATIONS = Number(process.env['SYLSTREAM_MUTATIONS'] ?? 20_000);
/** For a machine that is busy. */
const timeout = 60_000 + 5 * MUTATIONS;
/** Of them, so many are shown to a server. */
const SHOWN = 60;
const TOKENS = ['alice-s-token', 'bob-s-token'];
const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe('the seal of a session', { timeout }, () => {
  let gateways: Gateways;
  let server: SylstreamServer;
  let seal: Uint8Array;
  let after: number;
  let beganAt: number;
  const settings = { tokenHashes: TOKENS.map(hashToken) };
  beforeAll(async () => {
    gateways = await createGateways(1);
    server = await gateways.start(0, settings);
    const client = await greet(server.streamUrl, {
      ...as(TOKENS[0]),
      hello: { want: { takeover: true } },
    });
    beganAt = Date.now();
    expect(client.ready.takeover).toMatchObject({ bits: gateways.pools[0].bits });
    for (let n = 0; n < 64_000; n += 3200) client.send(tone(n, 3200));
    while (!seal) seal = (await client.next('ack')).seal!;
    after = client.received.reduce((last, each) => (each.t === 'u' ? each.i : last), -1);
    client.socket.terminate();
  });
  afterAll(() => gateways.close());

  const helloWith = (own: Uint8Array): Partial<Hello> => ({
    want: { takeover: true },
    resume: { token: 'of-elsewhere', after, only: true },
    seal: own,
  });

  it('opens at another gateway with the key, whichever of its keys that is', async () => {
    for (const resumeKeys of [KEYS, KEYS.toReversed()]) {
      const other = await gateways.start(0, { ...settings, resumeKeys });
      const client = await greet(other.streamUrl, { ...as(TOKENS[0]), hello: helloWith(seal) });
      expect(client.ready).toMatchObject({ resumed: true, k: 0 });
      expect(client.ready.next).toBeGreaterThan(client.ready.again!);
      client.socket.terminate();
    }
  });

  it('is refused to another tenant, without its key, under another bundle, and when it is old', async () => {
    const pool = await createStreamPool({ bundle: TINY_CAUSAL, shards: 1, lm: false });
    const others = [
      { token: TOKENS[1], settings: {} },
      { token: TOKENS[0], settings: { resumeKeys: ['another-secret-that-nobody-else-has-01'] } },
      { token: TOKENS[0], settings: { resumeKeys: [] } },
      { token: TOKENS[0], settings: { takeoverBytes: 0 } },
      { token: TOKENS[0], settings: { resumeWindowMs: 0 } },
      { token: TOKENS[0], settings: {}, streams: pool },
      { token: TOKENS[0], settings: { sessionSeconds: 1 } }, // as old as a session may be
    ];
    while (Date.now() - beganAt < 1000) await new Promise((done) => setTimeout(done, 20));
    for (const { token, streams, settings: own } of others) {
      const other = await gateways.start(0, { ...settings, ...own }, streams);
      const client = await dial(other.streamUrl, { ...as(token), hello: helloWith(seal) });
      expect(await client.refusal()).toMatchObject({ code: 'resume_expired', close: 4410 });
      const { resume, ...rest } = helloWith(seal);
      const anew = { ...rest, resume: { ...resume!, only: false } };
      const client2 = await greet(other.streamUrl, { ...as(token), hello: anew });
      expect(client2.ready).toMatchObject({ resumed: false, next: 0 });
      client2.socket.terminate();
      await other.close();
    }
    await pool.close();
  });

  it(`does not open when it was changed, ${MUTATIONS} times`, () => {
    const bound = [gateways.pools[0].bundle.hash, gateways.pools[0].bits!];
    const sealer = createSealer(KEYS, bound);
    const credential = hashToken(TOKENS[0]).slice(0, 16);
    expect(sealer.open(seal, credential)).toBeDefined();
    const random = seeded(1);
    for (let n = 0; n < MUTATIONS; n++) {
      const other = changed(seal, random);
      if (Buffer.compare(other, seal) === 0) continue;
      if (sealer.open(other, credential) !== undefined) throw new Error(`mutation ${n} opened`);
    }
  });

  it(`ends in a defined error, or goes on, when its content is garbage, ${MUTATIONS} times`, async () => {
    const bound = [gateways.pools[0].bundle.hash, gateways.pools[0].bits!];
    const sealer = createSealer(KEYS, bound);
    const credential = hashToken(TOKENS[0]).slice(0, 16);
    const content = sealer.open(seal, credential)!;
    const session = decodeSession(content);
    const random = seeded(2);
    const garbage: Uint8Array[] = [];
    for (let n = 0; n < MUTATIONS; n++) {
      const isState = n < SHOWN && n % 2 === 0;
      const other = isState
        ? encodeSession({ ...session, state: changed(session.state, random) })
        : changed(content, random);
      if (n < SHOWN) garbage.push(other);
      try {
        decodeSession(other);
      } catch (error) {
        expect(error).toBeInstanceOf(PipelineError);
        expect(error).toMatchObject({ code: 'SYLSTREAM_ERR_MALFORMED' });
      }
    }
    const codes = new Set<string>();
    for (const other of garbage) {
      const client = await dial(server.streamUrl, {
        ...as(TOKENS[0]),
        hello: helloWith(sealer.seal(other, credential)),
      });
      const ready = await client.next('ready').catch(() => undefined);
      if (ready) {
        client.send({ t: 'again', n: ready.again ?? 0, d: new Uint8Array(2 * 3200) });
        client.send({ t: 'end' });
      }
      for (const each of client.received) if (each.t === 'error') codes.add(each.code);
      client.socket.terminate();
    }
    expect([...codes].sort()).toContain('malformed');
    const allowed = ['malformed', 'option', 'audio_format', 'resume_expired', 'session_limit'];
    expect([...codes].filter((code) => !allowed.includes(code))).toEqual([]);
    const client = await greet(server.streamUrl, as(TOKENS[0]));
    expect(client.ready.next).toBe(0);
  });
});

/** Some bytes are others, gone, or more. */
function changed(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = new Uint8Array(bytes);
  for (let count = 1 + Math.floor(3 * random()); count > 0; count--) {
    const at = Math.floor(random() * copy.length);
    copy[at] = random() < 0.5 ? copy[at] ^ (1 << Math.floor(8 * random())) : 256 * random();
  }
  const kind = random();
  if (kind < 0.05) return copy.subarray(0, Math.floor(random() * copy.length));
  if (kind < 0.1) return Uint8Array.of(...copy, ...copy.subarray(0, 1 + Math.floor(20 * random())));
  return copy;
}
