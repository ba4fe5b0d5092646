import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStream, type StreamEvent } from '../../src/client/index.ts';
import { loadModels } from '../../src/models/loadModels.ts';
import { TINY } from '../helpers/bundles.ts';
import { unitsIn, wholeUnits } from '../helpers/pipeline.ts';
import { clipSamples } from '../helpers/speech.ts';

const SCRIPT = join(import.meta.dirname, '../../deploy/gateways.sh');

describe('deploy/gateways.sh', () => {
  it('starts three gateways behind a balancer, and ends them all in order', async () => {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const flags = ['--bundle', TINY, '--workers', '1', '--web', 'none', '--log-level', 'silent'];
    const child = spawn(SCRIPT, flags, {
      env: { ...process.env, PORT: String(port) },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    await Promise.all([0, 1, 2, 3].map((n) => answers(port + n)));
    const samples = clipSamples('kathleen-a0002');
    const stream = openStream(`ws://127.0.0.1:${port}/v1/stream`, { pace: 'file' });
    const events: StreamEvent[] = [];
    stream.events$.subscribe({ next: (event) => events.push(event), error: () => undefined });
    await stream.write(samples);
    await stream.end();
    const models = await loadModels({ bundle: TINY, workers: 1, lm: false });
    expect(unitsIn(events as never)).toEqual(await wholeUnits(samples, models));
    await models.close();
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    await expect(fetch(`http://127.0.0.1:${port + 1}/healthz`)).rejects.toThrow('fetch failed');
  });
});

/** Resolves when a gateway, or one behind the balancer, takes streams. */
async function answers(port: number): Promise<void> {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    if (answer?.ok === true) return;
    await new Promise((done) => setTimeout(done, 50));
  }
}
