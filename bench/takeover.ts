/**
 * `npm run bench:takeover`: live streams of many formats, with flushes and turns of the dial, behind haproxy (or nginx) and
 * three gateways, of which one is ended every few seconds and comes back; every unit is compared with an undisturbed run.
 * Then what a gateway needs to take over one stream, and many at once. Ends with 1 where a unit was lost, repeated or different.
 */
import { existsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { lastValueFrom, from, toArray } from 'rxjs';
import { summarise } from '../src/bench/percentiles.ts';
import type { SpeechEvent } from '../src/core/types.ts';
import { createStreamPool } from '../src/streams/pool/streamPool.ts';
import { startGateways, type GatewayProcesses } from '../test/helpers/gatewayProcesses.ts';
import type { ProxyName } from '../test/helpers/proxies.ts';
import { createSealedSockets } from '../test/helpers/sealedSockets.ts';
import { compare } from './takeover/compare.ts';
import { runLive, type LiveRun } from './takeover/liveStream.ts';
import { items, liveScripts, type LiveScript } from './takeover/script.ts';
import { serverPart, type ServerPart } from './takeover/serverPart.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    bundle: { type: 'string', default: join(root, 'models/small') },
    streams: { type: 'string', default: '60' },
    seconds: { type: 'string', default: '300' },
    every: { type: 'string', default: '3' },
    signal: { type: 'string', default: 'SIGKILL' },
    proxy: { type: 'string', default: 'haproxy' },
    crowd: { type: 'string', default: '20' },
    alone: { type: 'string', default: '5' },
  },
});
const signal = values.signal as NodeJS.Signals;
const sylstream = join(root, 'bin/sylstream.js');
const seconds = Number(values.seconds);
/** Between two lines about live streams. */
const PROGRESS_MS = 10_000;

/** Ends one gateway after the other until it is told to stop; resolves with how many. */
function endInTurn(gateways: GatewayProcesses): { stop(): Promise<number> } {
  let isOver = false;
  const ending = (async () => {
    let ends = 0;
    while (!isOver) {
      const next = wait(Number(values.every) * 1000);
      await gateways.end(ends++ % 3, signal);
      await next;
    }
    return ends;
  })();
  return {
    stop() {
      isOver = true;
      return ending;
    },
  };
}

/** The same scripts in a pool of this process, without sockets. */
async function undisturbed(scripts: readonly LiveScript[]): Promise<SpeechEvent[][]> {
  const pool = await createStreamPool({ bundle: values.bundle, lm: false });
  const all: SpeechEvent[][] = [];
  const left = scripts.map((script, n) => ({ script, n }));
  async function one(): Promise<void> {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { sampleRate, channels } = next.script.format;
      const events$ = pool.speechUnits(from(items(next.script)), { sampleRate, channels });
      const events = await lastValueFrom(events$.pipe(toArray()));
      all[next.n] = events.filter(({ type }) => type === 'unit' || type === 'flushed');
      say(`${Object.keys(all).length} of ${scripts.length} streams once more, undisturbed`);
    }
  }
  await Promise.all([one(), one()]);
  await pool.close();
  return all;
}

/** Says a step on stderr, with the seconds since the start. */
function say(what: string): void {
  console.error(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${what}`);
}

function tell(what: string, of: readonly number[]): void {
  const { count, p50, p95, p99, max } = summarise(of);
  const figures = `p50 ${p50.toFixed(0)}, p95 ${p95.toFixed(0)}, p99 ${p99.toFixed(0)}, max ${max.toFixed(0)} ms`;
  console.log(`${what}: ${count === 0 ? 'none' : `${count}, ${figures}`}`);
}

function tellPart(what: string, parts: readonly ServerPart[]): void {
  const cpuMs = parts.reduce((sum, part) => sum + part.cpuMs, 0) / parts.length;
  tell(`the server's part, ${what} (${cpuMs.toFixed(0)} ms of CPU each)`, parts.flatMap(({ took }) => took)); // prettier-ignore
}

function usedMib(): number {
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

async function disturbed(scripts: readonly LiveScript[]): Promise<readonly LiveRun[]> {
  say('three gateways start');
  const gateways = await startGateways({ bundle: values.bundle, sylstream });
  const url = await gateways.behind(values.proxy as ProxyName);
  say('they are there; streams begin');
  const sockets = createSealedSockets();
  let most = 0;
  const looking = setInterval(() => (most = Math.max(most, usedMib())), 1000);
  const progress = { units: 0, breaks: 0, moves: 0 };
  const saying = setInterval(() => say(JSON.stringify(progress)), PROGRESS_MS);
  const before = usedMib();
  const running = Promise.all(
    scripts.map((script, n) =>
      runLive(
        script,
        url,
        sockets.factory(n, () => url),
        progress,
      ),
    ),
  );
  await Promise.race([sockets.sealed(scripts.length), running]); // a stream may fail before
  say('every stream has a seal; gateways end in turn');
  const turns = endInTurn(gateways);
  const runs = await running;
  const ends = await turns.stop();
  clearInterval(looking);
  clearInterval(saying);
  console.log(
    `${scripts.length} streams of ${seconds} s behind ${values.proxy}, ${ends} gateways ended by ${signal}, load average ${loadavg()[0].toFixed(1)}`,
  );
  console.log(
    `memory: clients ${before.toFixed(0)} MiB before and ${most.toFixed(0)} at most (all streams in one process, heap and buffers), ` +
      `a gateway ${gateways.peakMib().toFixed(0)} MiB resident at most`,
  );
  await gateways.close();
  return runs;
}

async function main(): Promise<number> {
  if (!existsSync(join(root, 'dist'))) throw new Error('expected dist; run npm run build first');
  const scripts = liveScripts(Number(values.streams), seconds);
  const runs = await disturbed(scripts);
  const breaks = runs.flatMap((run) => run.breaks);
  tell('takeovers after a break, to the next unit', breaks.map(({ ms }) => ms)); // prettier-ignore
  tell('the same, but from when that unit was due', breaks.map(({ lateMs }) => lateMs)); // prettier-ignore
  tell('moves without a break, from when the next unit was due', runs.flatMap((run) => run.moves)); // prettier-ignore
  tell('all units, from when they were due', runs.flatMap((run) => run.lateMs)); // prettier-ignore
  tell('lag of streams that were not disturbed', runs.flatMap((run) => run.lagMs)); // prettier-ignore

  const expected = await undisturbed(scripts);
  const differences = { lost: 0, repeated: 0, different: 0 };
  runs.forEach(({ finals }, n) => compare(finals, expected[n], differences));
  const failed = runs.filter(({ failure }) => failure !== undefined);
  for (const { failure } of failed) console.log(`a stream failed: ${String(failure)}`);
  console.log(`units and answers to flushes: ${JSON.stringify({ expected: expected.flat().length, ...differences })}`); // prettier-ignore

  if (Number(values.crowd) > 0) {
    const flags = ['--live-pace', '50', '--ahead-live-ms', '30000'];
    const gateways = await startGateways({ bundle: values.bundle, sylstream, flags });
    const alone: ServerPart[] = [];
    for (let n = 0; n < Number(values.alone); n++) {
      say(`one takeover alone, ${n + 1} of ${values.alone}`);
      alone.push(await serverPart(gateways, 1));
    }
    tellPart('one takeover alone', alone);
    say(`${values.crowd} takeovers at once`);
    tellPart(`${values.crowd} at once`, [await serverPart(gateways, Number(values.crowd))]);
    await gateways.close();
  }
  const { lost, repeated, different } = differences;
  return lost + repeated + different + failed.length > 0 ? 1 : 0;
}

process.exitCode = await main();
