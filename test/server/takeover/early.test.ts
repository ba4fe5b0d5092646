import { filter, firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { openStream, type StreamEvent, type WebSocketFactory } from '../../../src/client/index.ts';
import { loadModels, type Models } from '../../../src/models/loadModels.ts';
import { codecOf, SUBPROTOCOL_MSGPACK } from '../../../src/protocol/index.ts';
import { TINY } from '../../helpers/bundles.ts';
import { encodePcm } from '../../helpers/encodePcm.ts';
import { createGateways, type Gateways } from '../../helpers/gateways.ts';
import { longSpeech } from '../../helpers/pipeline.ts';
import { finals, localEvents } from '../../helpers/wireScript.ts';
import { wrapSocket } from '../../helpers/wrappedSocket.ts';

const SECONDS = 6;
/** Before anything happens. */
const SPOKEN = 3 * 16_000;
const codec = codecOf(SUBPROTOCOL_MSGPACK)!;

describe('a stream that has no seal yet', () => {
  let models: Models;
  let gateways: Gateways;
  const bytes = encodePcm(longSpeech(SECONDS), 's16le');
  const controls = [{ at: SPOKEN / 2, act: 'flush' as const }];
  let expected: object[];
  beforeAll(async () => {
    models = await loadModels({ bundle: TINY, workers: 1, lm: false });
    gateways = await createGateways(1);
    const script = { bytes, momentBytes: 2, options: {}, controls };
    expected = await localEvents(script, models);
  });
  afterAll(() => Promise.all([gateways.close(), models.close()]));

  /** Speaks for three seconds, does something as soon as there is a connection, and goes on when there is another one. */
  async function speak(webSocket: WebSocketFactory, act: () => unknown): Promise<StreamEvent[]> {
    const stream = openStream('ws://gateways', { partials: true, backOffMs: 10, webSocket });
    const events: StreamEvent[] = [];
    stream.events$.subscribe({ next: (event) => events.push(event), error: () => undefined });
    const ready = (): Promise<StreamEvent> =>
      firstValueFrom(stream.events$.pipe(filter(({ type }) => type === 'ready')));
    await ready();
    act();
    const again = ready();
    await stream.write(bytes.subarray(0, SPOKEN));
    stream.flush();
    await stream.write(bytes.subarray(SPOKEN, 2 * SPOKEN));
    await again;
    await stream.write(bytes.subarray(2 * SPOKEN));
    await stream.end();
    return events;
  }

  it('begins again at another gateway, and nobody notices', async () => {
    const [first, second] = [await gateways.start(0), await gateways.start(0)];
    let url = first.streamUrl;
    /** The first socket is cut by what would bring a seal. */
    const webSocket: WebSocketFactory = ({ protocols, headers }) => {
      const socket = new WebSocket(url, [...protocols], { headers, perMessageDeflate: false });
      const isMortal = url === first.streamUrl;
      return wrapSocket(socket, {
        hears(type, { data }) {
          const isSeal =
            type === 'message' &&
            codec.decode(new Uint8Array(data as ArrayBuffer))['seal'] !== undefined;
          if (!isMortal || !isSeal) return true;
          url = second.streamUrl;
          socket.terminate();
          return false;
        },
      });
    };
    const events = await speak(webSocket, () => undefined);
    expect(finals(events)).toEqual(expected);
    expect(events.filter(({ type }) => type === 'reconnecting')).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'restarted')).toEqual([]);
    let last = -1;
    for (const event of events) {
      if (event.type === 'unit') last = event.unit.index;
      if (event.type === 'provisional') expect(event.from).toBe(last + 1);
    }
  }, 30_000);

  it('leaves a gateway that drains when its seal comes', async () => {
    const [first, second] = [await gateways.start(0), await gateways.start(0)];
    let url = first.streamUrl;
    const webSocket: WebSocketFactory = ({ protocols, headers }) =>
      new WebSocket(url, [...protocols], { headers, perMessageDeflate: false });
    let drained: Promise<void> | undefined;
    const events = await speak(webSocket, () => {
      url = second.streamUrl;
      drained = first.drain();
    });
    await drained;
    expect(finals(events)).toEqual(expected);
    expect(events.filter(({ type }) => type === 'reconnecting')).toEqual([]);
    expect(events.filter(({ type }) => type === 'ready')).toHaveLength(2);
  }, 30_000);
});
