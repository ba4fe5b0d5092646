import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Models } from '../../../src/models/loadModels.ts';
import { greet, tone } from '../../helpers/rawClient.ts';
import { program } from '../../helpers/require.ts';
import { poolOf, tinyModels, withServer } from '../../helpers/server.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

/** What a scrape gives after a session with a second of audio and a refusal. */
function scrape(): Promise<string> {
  return withServer(models, {}, async ({ url, streamUrl }) => {
    const client = await greet(streamUrl);
    client.send(tone(0, 16_000));
    client.send({ t: 'dance' });
    client.send({ t: 'end' });
    await client.closed;
    await (await fetch(`${url}/metrics`)).text(); // a scrape counts nothing twice
    return (await fetch(`${url}/metrics`)).text();
  });
}

describe('/metrics', () => {
  it('gives every metric a help and the type that its name says', async () => {
    const text = await scrape();
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [
      name,
      type,
    ]);
    const helped = new Set([...text.matchAll(/^# HELP (\S+) \S/gm)].map(([, name]) => name));
    expect(types.length).toBeGreaterThan(30);
    for (const [name, type] of types) {
      expect(helped, name).toContain(name);
      expect({ name, isCounter: type === 'counter' }).toEqual({
        name,
        isCounter: name.endsWith('_total'),
      });
    }
    expect(text).toMatch(/^sylstream_audio_seconds_total 1$/m);
    expect(text).toMatch(/^# TYPE sylstream_encoder_steps_total counter$/m);
    const steps = Number(/^sylstream_encoder_steps_total (\d+)$/m.exec(text)?.[1]);
    expect(steps).toBe(poolOf(models).status().steps);
  });

  it.runIf(program('promtool'))('passes promtool check metrics', async () => {
    const input = await scrape();
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input,
      encoding: 'utf8',
    });
    expect(stdout + stderr).toBe('');
    expect(status).toBe(0);
  });
});
