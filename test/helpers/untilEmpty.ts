import { setTimeout as wait } from 'node:timers/promises';

const TURN_MS = 50;
const TURNS = 200;

/** Waits until a server has no session left, live or waiting, and returns its metrics; fails after 10 s. */
export async function untilEmpty(serverUrl: string): Promise<string> {
  let metrics = '';
  for (let turn = 0; turn < TURNS; turn++) {
    metrics = await (await fetch(`${serverUrl}/metrics`)).text();
    const isEmpty = (state: string): boolean =>
      metrics.includes(`\nsylstream_sessions_${state} 0\n`);
    if (isEmpty('live') && isEmpty('parked')) return metrics;
    await wait(TURN_MS);
  }
  throw new Error(`sessions stay: ${metrics.match(/^sylstream_sessions_.*$/gm)?.join(', ')}`);
}
