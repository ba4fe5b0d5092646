/**
 * What one tritonserver does for 1, 2 and 3 gateways: hours of audio an hour, and how full its batches are.
 * `npx tsx test/scale/throughput.ts [STREAMS_OF_A_GATEWAY [SECONDS_OF_AUDIO]]`, after `.ci/scale triton`; says nothing of a GPU.
 */
import { loadavg, cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { openStream } from '../../src/client/index.ts';
import { longSpeech } from '../helpers/pipeline.ts';
import { startGateway } from './gatewayProcess.ts';
import { startTriton } from './tritonServer.ts';

const root = resolve(import.meta.dirname, '../..');
const venv = process.env['TRITON_VENV'] ?? join(root, 'build/scale/triton');
const bundle = join(root, 'models/small');
const [streams = 16, seconds = 20] = process.argv.slice(2).map(Number);
const speech = longSpeech(seconds);

async function run(url: string): Promise<void> {
  const stream = openStream(url, { pace: 'file' });
  stream.events$.subscribe({ error: (error: unknown) => console.error(error) });
  await stream.write(speech);
  await stream.end();
}

console.log(`${cpus().length} cores of ${cpus()[0]?.model}, load ${loadavg()[0].toFixed(1)}, ${streams} streams of ${seconds} s a gateway`); // prettier-ignore
for (const count of [1, 2, 3]) {
  const triton = await startTriton(bundle, venv);
  const flags = ['--triton', triton.address, '--capacity', '100000', '--file-pace', '1000'];
  const gateways = await Promise.all(
    Array.from({ length: count }, () =>
      startGateway(['--bundle', bundle, '--workers', '1', ...flags]),
    ),
  );
  const began = performance.now();
  const cpuBefore = await triton.cpuSeconds();
  await Promise.all(
    gateways.flatMap(({ streamUrl }) => Array.from({ length: streams }, () => run(streamUrl))),
  );
  const tookS = (performance.now() - began) / 1000;
  const cpuS = (await triton.cpuSeconds()) - cpuBefore;
  const batches = [...(await triton.batches())].sort(([a], [b]) => a - b);
  const runs = batches.reduce((sum, [, n]) => sum + n, 0);
  const steps = batches.reduce((sum, [size, n]) => sum + size * n, 0);
  console.log(
    `${count} gateways: ${((count * streams * seconds) / tookS).toFixed(1)} x real time, ` +
      `${((1000 * cpuS) / steps).toFixed(2)} ms of the server's CPU a step, mean batch ${(steps / runs).toFixed(1)}, largest ${batches.at(-1)?.[0]}; ` +
      `runs by size: ${batches.map(([size, n]) => `${size}: ${n}`).join(', ')}`,
  );
  await Promise.all(gateways.map((gateway) => gateway.close()));
  await triton.close();
}
