/**
 * An inference thread: owns its ONNX session and arena, answers one batch at a time. It lives in a
 * `worker_threads` worker because `session.run()` of onnxruntime-node blocks the thread that calls it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { PipelineError } from '../errors.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './inferenceMessages.ts';
import { createStepEngine } from './stepEngine.ts';
import { createWindowEngine } from './windowEngine.ts';

const port = parentPort!;
const answer = (message: FromWorker, transfer: ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer);

async function start(setup: WorkerSetup): Promise<void> {
  const create = setup.kind === 'step' ? createStepEngine : createWindowEngine;
  const engine = await create(setup);
  const { provider, refused } = engine.loaded;
  port.on('message', (message: ToWorker) => {
    if (message.type === 'forget') {
      engine.forget(message.stream);
      return;
    }
    void engine.run(message.items, message.rows, message.keep).then((outputs) => {
      const arrays = [outputs.features, outputs.boundary, outputs.speech];
      const buffers = arrays.flatMap((array) => (array ? [array.buffer as ArrayBuffer] : []));
      answer({ type: 'done', outputs }, buffers);
    });
  });
  answer({ type: 'ready', provider, refused });
}

start(workerData as WorkerSetup).catch((error: unknown) => {
  const code = error instanceof PipelineError ? error.code : 'SYLSTREAM_ERR_WORKER';
  answer({ type: 'refused', code, message: error instanceof Error ? error.message : String(error) });
});
