import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStream } from '../../src/client/index.ts';
import type { StreamEvent, StreamOptions } from '../../src/client/index.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { longSpeech, wholeUnits } from '../helpers/pipeline.ts';
import { tinyModels, withServer } from '../helpers/server.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

const samples = longSpeech(10);

async function unitsOver(url: string, options: StreamOptions, sizes: () => number) {
  const stream = openStream(url, { format: 'f32le', pace: 'file', ...options });
  const events: StreamEvent[] = [];
  stream.events$.subscribe({ next: (event) => events.push(event), error: () => undefined });
  for (let at = 0; at < samples.length;) {
    const size = sizes();
    await stream.write(samples.subarray(at, at + size));
    at += size;
  }
  await stream.end();
  return events;
}

describe('openStream', () => {
  it('gets the units of speechUnits, in MessagePack and in JSON', async () => {
    const expected = await wholeUnits(samples, models);
    expect(expected.length).toBeGreaterThan(10);
    await withServer(models, {}, async ({ streamUrl }) => {
      for (const json of [false, true]) {
        const events = await unitsOver(streamUrl, { json }, () => 1600);
        const units = events.flatMap((event) => (event.type === 'unit' ? [event.unit] : []));
        expect(units).toEqual(expected);
        expect(events[0]).toMatchObject({ type: 'ready', resumed: false });
        expect(events.at(-1)).toMatchObject({
          type: 'done',
          units: expected.length,
          samples: samples.length,
        });
      }
    });
  });
});
