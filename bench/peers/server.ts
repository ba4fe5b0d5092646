import { runLoad } from '../server/load.ts';
import { startChild } from '../server/processes.ts';
import type { PeerFigures } from './peer.ts';

/** Milliseconds of audio in a message, and by how much one may be late. */
const CHUNK_MS = 20;
const JITTER_MS = 10;

/** Our server with sockets, `streams` live streams from this process. */
export async function ours(streams: number, seconds: number): Promise<PeerFigures> {
  const child = await startChild<{ url: string }>({
    role: 'server',
    capacity: 100_000,
    streams: 0,
    seconds,
    chunkMs: CHUNK_MS,
  });
  const { lagMs } = await runLoad({
    url: child.first.url,
    streams,
    seconds,
    chunkMs: CHUNK_MS,
    jitterMs: JITTER_MS,
    answers: 'units',
    onMeasuring: () => void child.figures(), // starts them anew
  });
  const { cpuCores } = await child.figures();
  child.stop();
  const how = 'the whole server: sockets, units, all threads; lag of a unit';
  return { name: `sylstream, ${streams} streams`, cpuMs: (1000 * cpuCores) / streams, lagMs, how };
}
