/**
 * An inference thread: owns its ONNX session and arena, answers one batch at a time. It lives in a
 * `worker_threads` worker because `session.run()` of onnxruntime-node blocks the thread that calls it.
 */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { PipelineError } from '../errors.ts';
import type { Engine } from './engine.ts';
import type { FromWorker, ThreadUse, ToWorker, WorkerSetup } from './inferenceMessages.ts';
import type { LoadedSession } from './onnx.ts';
import { guardNative } from './nativeGuard.ts';
import { createStepEngine } from './stepEngine.ts';
import { createWindowEngine } from './windowEngine.ts';

const port = parentPort!;
const answer = (message: FromWorker, transfer: ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer);

async function start(setup: WorkerSetup): Promise<void> {
  const create = (from: WorkerSetup): Promise<Engine & { loaded: LoadedSession }> =>
    setup.kind === 'step' ? createStepEngine(from) : createWindowEngine(from);
  // Opening a session is a native call too.
  const engine = await guardNative(setup.guard)(() => create(setup));
  const { provider, refused } = engine.loaded;
  port.on('message', (message: ToWorker) => {
    if (message.type === 'forget') {
      engine.forget(message.stream);
      return;
    }
    if (message.type === 'bare') {
      void bare(engine, message);
      return;
    }
    void engine.run(message.items, message.rows, message.keep).then((outputs) => {
      const arrays = [outputs.features, outputs.boundary, outputs.speech];
      const buffers = arrays.flatMap((array) => (array ? [array.buffer as ArrayBuffer] : []));
      answer({ type: 'done', outputs, use: recentUse() }, buffers);
    });
  });
  answer({ type: 'ready', provider, refused });
}

async function bare(engine: Engine, { batch, rows, times }: Extract<ToWorker, { type: 'bare' }>) {
  const before = threadUse();
  const start = performance.now();
  for (let i = 0; i < times; i++) await engine.bare(batch, rows);
  answer({ type: 'bared', runMs: performance.now() - start, before, use: threadUse() });
}

/** At most this old is the CPU time that goes with an answer: reading it costs as much as a small copy. */
const USE_MS = 50;
let use: ThreadUse = { cpuMs: undefined };
let usedAt = -Infinity;

function recentUse(): ThreadUse {
  const now = performance.now();
  if (now - usedAt > USE_MS) {
    use = threadUse();
    usedAt = now;
  }
  return use;
}

/** CPU time of this thread, from the kernel's scheduler statistics (nanoseconds on the CPU come first). */
function threadUse(): ThreadUse {
  try {
    return { cpuMs: Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6 };
  } catch {
    // Not Linux: the figure is left out.
    return { cpuMs: undefined };
  }
}

start(workerData as WorkerSetup).catch((error: unknown) => {
  const code = error instanceof PipelineError ? error.code : 'SYLSTREAM_ERR_WORKER';
  answer({ type: 'refused', code, message: error instanceof Error ? error.message : String(error) });
});
