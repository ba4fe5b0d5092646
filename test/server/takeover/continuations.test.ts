import { filter, firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStream, type ContinuationEvent } from '../../../src/client/index.ts';
import type { SylstreamServer } from '../../../server/index.ts';
import { longSpeech } from '../../helpers/pipeline.ts';
import { createGateways, type Gateways } from '../../helpers/gateways.ts';
import { dial } from '../../helpers/rawClient.ts';
import { createSealedSockets } from '../../helpers/sealedSockets.ts';

/** Seconds of speech before the takeover: more than comes again. */
const SECONDS = 20;
/** Then so many, of which the next seal comes: with all that was before behind it. */
const LAST_SECONDS = 5;

describe('after a takeover', () => {
  let gateways: Gateways;
  beforeAll(async () => {
    gateways = await createGateways(1);
  });
  afterAll(() => gateways.close());

  /** What is predicted after speech, at the first server or, with a second one, at that after the first is gone. */
  async function predicted(
    first: SylstreamServer,
    second?: SylstreamServer,
  ): Promise<{ units: number; said: object[] }> {
    const sockets = createSealedSockets();
    let server = first;
    const stream = openStream('ws://gateways', {
      continuation: true,
      bufferMs: 1000 * SECONDS * 2,
      backOffMs: 10,
      webSocket: sockets.factory(0, () => server.streamUrl),
    });
    let units = 0;
    const flushed = new Promise<void>((resolve, reject) =>
      stream.events$.subscribe({
        next(event) {
          if (event.type === 'unit') units++;
          if (event.type === 'flushed') resolve();
        },
        error: reject,
      }),
    );
    const speech = longSpeech(SECONDS + LAST_SECONDS);
    const acknowledged = firstValueFrom(
      stream.events$.pipe(
        filter((each) => each.type === 'progress' && each.acknowledged === SECONDS * 16_000),
      ),
    );
    await stream.write(speech.subarray(0, SECONDS * 16_000));
    await acknowledged;
    await stream.write(speech.subarray(SECONDS * 16_000));
    if (second) {
      await sockets.another();
      server = second;
      await first.close();
    }
    stream.flush();
    await flushed;
    const events$ = stream.continuations({ units: 12, n: 2, seed: 5 }).events$;
    const all = await lastValueFrom(events$.pipe(toArray()));
    await stream.end();
    return { units, said: all.map(toPlain) };
  }

  it('the language model predicts what it predicts in an undisturbed session, and the server says what it did', async () => {
    const undisturbed = await predicted(await gateways.start(0));
    expect(undisturbed.units).toBeGreaterThan(60);
    expect(undisturbed.said.length).toBeGreaterThan(12);
    const second = await gateways.start(0);
    expect(await predicted(await gateways.start(0), second)).toEqual(undisturbed);

    const { socket } = await dial(second.streamUrl, {
      hello: { resume: { token: 'x', after: -1 }, seal: new Uint8Array(200) },
    });
    const figure = async (name: string): Promise<number> => {
      const text = await (await fetch(`${second.url}/metrics`)).text();
      const line = text.split('\n').find((each) => each.startsWith(`sylstream_${name} `));
      return Number(line?.split(' ')[1] ?? 0);
    };
    await expect.poll(() => figure('takeovers_refused_total{reason="foreign"}')).toBe(1);
    expect(await figure('resume_total{outcome="taken_over"}')).toBe(1);
    expect(await figure('takeover_seconds_count')).toBe(1);
    expect(await figure('takeover_audio_seconds_total')).toBeGreaterThan(0.1);
    socket.terminate();
  }, 120_000);
});

/** What was predicted; probabilities without their last digits, for the past is read in one piece after a takeover. */
function toPlain(event: ContinuationEvent): object {
  if (event.type !== 'predicted') return { type: event.type, reason: event.reason };
  const { hypothesis, place, id, logProbability } = event.unit;
  return { hypothesis, place, id, after: event.after, probability: Math.exp(logProbability).toFixed(3) }; // prettier-ignore
}
