import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toFinalUnit } from '../../server/session/wireEvents.ts';
import type { SpeechEvent } from '../../src/core/types.ts';
import { loadModels, type Models } from '../../src/models/loadModels.ts';
import type { ServerMessage } from '../../src/protocol/index.ts';
import { TINY } from '../helpers/bundles.ts';
import { encodePcm } from '../helpers/encodePcm.ts';
import { startGateways, type GatewayProcesses } from '../helpers/gatewayProcesses.ts';
import { longSpeech } from '../helpers/pipeline.ts';
import { PYTHON, PYTHON_ENV, pythonWith } from '../helpers/python.ts';
import { present, program } from '../helpers/require.ts';
import { localEvents } from '../helpers/wireScript.ts';

const root = resolve(import.meta.dirname, '../..');
const sylstream = join(root, 'bin/sylstream.js');
const RATE = 44_100;
const SECONDS = 9;
/** Holes, flushes and turns of the dial at their seconds. */
const ACTS = [
  [0.7, 'flush'],
  [2.2, 5],
  [3.1, 'flush'],
  [3.1, 'skip', 0.5],
  [4.9, 6.25],
  [6.5, 'flush'],
] as const;
/** What ends the gateway that has the session, when a unit came that was decided at this second: before its first seal too. */
const ENDS = [
  { decided: 0, signal: 'SIGKILL' },
  { decided: 3.5, signal: 'SIGKILL' },
  { decided: 6, signal: 'SIGTERM' },
] as const;

describe.runIf(
  pythonWith('websockets, msgpack') &&
    program('haproxy') &&
    present('dist, of npm run build', existsSync(join(root, 'dist/bin/main.js'))),
)('the Python client behind a balancer', () => {
  let models: Models;
  let gateways: GatewayProcesses;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sylstream-python-'));
    models = await loadModels({ bundle: TINY, workers: 1, lm: false });
    gateways = await startGateways({ bundle: TINY, sylstream });
  }, 60_000);
  afterAll(async () => {
    await Promise.all([gateways.close(), models.close()]);
    rmSync(folder, { recursive: true });
  }, 30_000);

  /** The gateway with the session. */
  async function busy(): Promise<number> {
    for (;;) {
      const texts = await Promise.all(gateways.directUrls.map(metricsOf));
      const place = texts.findIndex((text) => text.includes('\nsylstream_sessions_live 1\n'));
      if (place >= 0) return place;
    }
  }

  it('gets every unit of an undisturbed stream while its gateways are killed and drained', async () => {
    const bytes = encodePcm(longSpeech((SECONDS * RATE) / 16_000), 's16le');
    for (const [at, act, length] of ACTS) {
      if (act === 'skip') bytes.fill(0, 2 * sampleAt(at), 2 * (sampleAt(at) + sampleAt(length)));
    }
    const controls = ACTS.flatMap(([at, act]) =>
      act === 'skip' ? [] : [{ at: sampleAt(at), act }],
    );
    const options = { sampleRate: RATE };
    const expected = await localEvents({ bytes, momentBytes: 2, options, controls }, models);

    const pcm = join(folder, 'speech.pcm');
    writeFileSync(pcm, bytes);
    const acts = ACTS.map(([at, act, length]) =>
      length === undefined ? [sampleAt(at), act] : [sampleAt(at), act, sampleAt(length)],
    );
    const url = await gateways.behind('haproxy');
    const script = JSON.stringify({ url, rate: RATE, pcm, acts });
    const client = spawn(PYTHON, [join(import.meta.dirname, 'live_script.py'), script], {
      env: PYTHON_ENV,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(client, 'close');
    const received: ServerMessage[] = [];
    const ends = [...ENDS];
    let ending: Promise<unknown> = Promise.resolve();
    for await (const line of createInterface(client.stdout)) {
      const message = JSON.parse(line) as ServerMessage;
      received.push(message);
      if (message.t !== 'u' || message.at < 16_000 * (ends[0]?.decided ?? Infinity)) continue;
      const { signal } = ends.shift()!;
      ending = ending.then(busy).then((place) => gateways.end(place, signal));
    }
    await ending;
    expect(await ended).toEqual([0, null]);

    const answers = received.filter(({ t }) => t === 'u' || t === 'flushed');
    expect(answers).toEqual(expected.map(toWire));
    expect(received.at(-1)?.t).toBe('done');
    expect(ends).toEqual([]);
    const ready = received.filter(({ t }) => t === 'ready');
    expect(ready.length).toBeGreaterThanOrEqual(1 + ENDS.length);
    expect(ready.filter((each) => 'again' in each).length).toBeGreaterThanOrEqual(2);
  }, 90_000);
});

const sampleAt = (seconds: number): number => Math.round(seconds * RATE);

async function metricsOf(streamUrl: string): Promise<string> {
  const url = streamUrl.replace('ws:', 'http:').replace('/v1/stream', '/metrics');
  return fetch(url)
    .then((answer) => answer.text())
    .catch(() => ''); // it is gone, or not there yet
}

function toWire(event: SpeechEvent): object {
  if (event.type === 'unit') return toFinalUnit(event.unit);
  if (event.type !== 'flushed') throw new Error(event.type);
  return { t: 'flushed', id: event.id, n: event.sample, i: event.index };
}
