/**
 * `npm run bench:flood`: one address floods the server with connections that say nothing while others stream and begin
 * sessions; then the same through nginx, whose own address is exempt and whose forwarded one is bounded.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { summarise } from '../src/bench/percentiles.ts';
import { startFlood } from '../test/helpers/flood.ts';
import { beginSession } from './server/beginSession.ts';
import { runLoad } from './server/load.ts';
import { startChild } from './server/processes.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    streams: { type: 'string', default: '8' },
    silent: { type: 'string', default: '256' },
    mute: { type: 'string', default: '300' },
    'per-second': { type: 'string', default: '500' },
    port: { type: 'string', default: '8998' },
  },
});
const seconds = Number(values.seconds);
const streams = Number(values.streams);
const FLOOD = '127.0.0.2';
const STREAMS = '127.0.0.3';
/** Normal clients, each from an address of its own, begin a session, end it, and begin the next. */
const NORMAL = 8;

async function measure(what: string, url: string): Promise<void> {
  const load = {
    url,
    streams,
    chunkMs: 20,
    jitterMs: 10,
    answers: 'units',
    from: STREAMS,
  } as const;
  const quiet = await runLoad({ ...load, seconds: Math.max(10, seconds / 6) });
  const flood = startFlood({
    url,
    from: FLOOD,
    silent: Number(values.silent),
    mute: Number(values.mute),
    perSecond: Number(values['per-second']),
  });
  const begun: number[] = [];
  let failed = 0;
  let over = false;
  const normal = Array.from({ length: NORMAL }, async (_, i) => {
    while (!over) {
      try {
        begun.push(await beginSession(url, `127.0.1.${i + 1}`));
      } catch {
        failed++;
      }
      await wait(100);
    }
  });
  const flooded = await runLoad({ ...load, seconds });
  over = true;
  await Promise.all(normal);
  flood.stop();
  const begin = summarise(begun);
  console.log(
    `${what}: lag p99 quiet ${quiet.lagMs.p99.toFixed(1)} ms, in the flood ${flooded.lagMs.p99.toFixed(1)} ms ` +
      `(lost ${JSON.stringify(flooded.lost)}); ${begin.count} sessions began, p50 ${begin.p50.toFixed(0)} p99 ${begin.p99.toFixed(0)} ` +
      `max ${begin.max.toFixed(0)} ms, ${failed} did not; flood: ${flood.opened} opened, ${flood.cut} cut; load ${loadavg()[0].toFixed(1)}`,
  );
}

/** nginx before the server, plain HTTP, told who the client is. */
async function withNginx(target: string, act: (url: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sylstream-flood-'));
  const { host, pathname } = new URL(target);
  const config = join(folder, 'nginx.conf');
  writeFileSync(
    config,
    `worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
     events { worker_connections 4096; }
     http { access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
       fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
       server { listen 127.0.0.1:${values.port};
         location / { proxy_pass http://${host}; proxy_http_version 1.1; proxy_read_timeout 1h;
           proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
           proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;
           proxy_set_header X-Forwarded-Proto http; } } }`,
  );
  const nginx = spawn('nginx', ['-c', config, '-p', folder], { stdio: 'inherit' });
  try {
    await accepting(Number(values.port));
    await act(`ws://127.0.0.1:${values.port}${pathname}`);
  } finally {
    nginx.kill();
    await once(nginx, 'exit');
    rmSync(folder, { recursive: true });
  }
}

async function accepting(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const socket = connect(port, '127.0.0.1');
    const isThere = await new Promise((done) =>
      socket.once('connect', () => done(true)).once('error', () => done(false)),
    );
    socket.destroy();
    if (isThere) return;
    await wait(50);
  }
  throw new Error(`expected nginx on port ${port} within 5 s`);
}

const child = await startChild<{ url: string }>({
  role: 'server',
  capacity: 1000,
  streams: 0,
  seconds: 0,
  chunkMs: 20,
  strangers: true,
});
await measure('direct', child.first.url);
await withNginx(child.first.url, (url) => measure('through nginx', url));
await child.close();
