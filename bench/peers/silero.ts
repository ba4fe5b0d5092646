import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { summarise } from '../../src/bench/percentiles.ts';
import { importEngine } from '../../src/models/inference/importEngine.ts';
import { repeated, speechBytes } from '../server/speech.ts';
import type { PeerFigures } from './peer.ts';

/** Samples at 16 kHz of a window, and those of the one before that go in front of it (silero-vad 5 and 6, `OnnxWrapper`). */
const WINDOW = 512;
const CONTEXT = 64;
/** Numbers of a stream's state. */
const STATE = 128;

/** silero-vad's network (package `silero-vad`) in onnxruntime-node, one thread, `streams` of them in a batch, as fast as it goes. */
export async function silero(
  python: string,
  streams: number,
  seconds: number,
): Promise<PeerFigures> {
  const ort = await importEngine(() => import('onnxruntime-node'));
  const session = await ort.InferenceSession.create(modelPath(python), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  const speech = speechBytes();
  const input = new Float32Array(streams * (CONTEXT + WINDOW));
  const rate = new ort.Tensor('int64', BigInt64Array.of(16_000n), []);
  let state = new ort.Tensor('float32', new Float32Array(2 * streams * STATE), [2, streams, STATE]);
  const times: number[] = [];
  const cpuBefore = process.cpuUsage();
  const windows = Math.floor((seconds * 16_000) / WINDOW);
  for (let k = 0; k < windows; k++) {
    const start = performance.now();
    for (let b = 0; b < streams; b++) {
      const row = input.subarray(b * (CONTEXT + WINDOW), (b + 1) * (CONTEXT + WINDOW));
      row.copyWithin(0, WINDOW);
      const bytes = repeated(speech, b * 7919 + k * WINDOW, WINDOW);
      for (let i = 0; i < WINDOW; i++) row[CONTEXT + i] = bytes.readInt16LE(2 * i) / 32_768;
    }
    const feeds = {
      input: new ort.Tensor('float32', input, [streams, CONTEXT + WINDOW]),
      state,
      sr: rate,
    };
    state = (await session.run(feeds))['stateN'] as typeof state;
    times.push(performance.now() - start);
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    name: `silero-vad, ${streams} in a batch`,
    cpuMs: (user + system) / 1000 / (streams * seconds),
    lagMs: summarise(times),
    how: 'speech or not, every 32 ms; the network alone in this process; lag of a batch',
  };
}

function modelPath(python: string): string {
  const find =
    'import importlib.util as u; print(u.find_spec("silero_vad").submodule_search_locations[0])';
  const folder = execFileSync(python, ['-c', find], { encoding: 'utf8', stdio: 'pipe' }).trim();
  return join(folder, 'data/silero_vad.onnx');
}
