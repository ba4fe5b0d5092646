import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStream, type StreamEvent, type UnitStream } from '../../../src/client/index.ts';
import { longSpeech } from '../../helpers/pipeline.ts';
import { createGateways, type Gateways } from '../../helpers/gateways.ts';
import { greet } from '../../helpers/rawClient.ts';
import { createSealedSockets, type SealedSockets } from '../../helpers/sealedSockets.ts';

const BACK_OFF_MS = 10;
/** What a full gateway asks for at least. */
const RETRY_MS = 1000;

describe('a client that comes to a full gateway', () => {
  let gateways: Gateways;
  beforeAll(async () => {
    gateways = await createGateways(1);
  });
  afterAll(() => gateways.close());

  /** Opens a stream whose connections go to these URLs in turn, and keeps its events. */
  function open(urls: readonly string[]): {
    stream: UnitStream;
    events: StreamEvent[];
    sockets: SealedSockets;
  } {
    let turn = 0;
    const sockets = createSealedSockets();
    const stream = openStream('ws://gateways', {
      backOffMs: BACK_OFF_MS,
      webSocket: sockets.factory(0, () => urls[Math.min(turn++, urls.length - 1)]),
    });
    const events: StreamEvent[] = [];
    stream.events$.subscribe({ next: (event) => events.push(event), error: () => undefined });
    return { stream, events, sockets };
  }

  /** The waits that it chose, by what it was refused with. */
  const waits = (events: readonly StreamEvent[]) =>
    events.flatMap((each) =>
      each.type === 'reconnecting' ? [{ code: each.reason.code, ms: each.delayMs }] : [],
    );

  it('asks once more at once, and waits as it is told when that one is full too', async () => {
    const full = await gateways.start(0, { capacity: 1 });
    const guest = await greet(full.streamUrl);
    const free = await gateways.start(0);
    const { stream, events } = open([full.streamUrl, full.streamUrl, free.streamUrl]);
    await stream.end();
    const [first, second] = waits(events);
    expect(first.code).toBe('SYLSTREAM_ERR_CAPACITY');
    expect(first.ms).toBeLessThanOrEqual(BACK_OFF_MS);
    expect(second.ms).toBeGreaterThanOrEqual(RETRY_MS);
    expect(events.at(-1)?.type).toBe('done');
    guest.socket.terminate();
  });

  it('never waits for full ones with a seal, and goes on where there is room', async () => {
    const full = await gateways.start(0, { capacity: 1 });
    const guest = await greet(full.streamUrl);
    const [first, last] = [await gateways.start(0), await gateways.start(0)];
    const { stream, events, sockets } = open(
      [first, full, full, last].map((each) => each.streamUrl),
    );
    await stream.write(longSpeech(4));
    await sockets.sealed(1);
    await first.close();
    await stream.end();
    const refused = waits(events).filter(({ code }) => code === 'SYLSTREAM_ERR_CAPACITY');
    expect(refused).toHaveLength(2);
    for (const { ms } of refused) expect(ms).toBeLessThan(RETRY_MS);
    expect(events.filter((event) => event.type === 'ready' && event.resumed)).toHaveLength(1);
    guest.socket.terminate();
  });
});
