/**
 * An inference thread: owns its ONNX session and arena, answers one batch at a time. It lives in a
 * `worker_threads` worker because `session.run()` of onnxruntime-node blocks the thread that calls it.
 */
import { readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { PipelineError } from '../core/errors.ts';
import type { Engine } from './inference/engine.ts';
import type { EncoderSetup } from './encoder/encoderMessages.ts';
import { createStepEngine } from './encoder/stepEngine.ts';
import { openRunner as openHere } from './encoder/openRunner.ts';
import type { StepRunner } from './encoder/stepRunner.ts';
import { createWindowEngine } from './encoder/windowEngine.ts';
import type { FromWorker, Guarded, ToWorker } from './inference/inferenceMessages.ts';
import { createLmEngine } from './lm/lmEngine.ts';
import type { LmSetup } from './lm/lmMessages.ts';
import { createSpeakEngine } from './speak/speakEngine.ts';
import type { SpeakSetup } from './speak/speakMessages.ts';
import { importEngine } from './inference/importEngine.ts';
import { guardNative } from './inference/nativeGuard.ts';
import { recentThreadCpuMs, threadCpuMs } from './inference/threadCpu.ts';

type EngineSetup = EncoderSetup | LmSetup | SpeakSetup;

const port = parentPort!;
const answer = (message: FromWorker<unknown>, transfer: ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer);

async function createEngine(setup: EngineSetup & Guarded): Promise<Engine<unknown, unknown>> {
  const engine = (): Promise<typeof import('./inference/onnx.ts')> =>
    importEngine(() => import('./inference/onnx.ts'), setup.isSilent);
  switch (setup.kind) {
    case 'step':
      return createStepEngine(setup, await openRunner(setup, engine));
    case 'window':
      return createWindowEngine(setup, (await engine()).openModel);
    case 'lm':
      return createLmEngine(setup, (await engine()).openModel);
    case 'speak':
      return createSpeakEngine(setup, (await engine()).openModel);
  }
}

/** The step model here, or on the machine that runs it. */
async function openRunner(
  setup: EncoderSetup & Guarded,
  engine: () => Promise<typeof import('./inference/onnx.ts')>,
): Promise<StepRunner> {
  if (setup.remote) {
    return (await import('./encoder/remoteRunner.ts')).createRemoteRunner(setup.remote);
  }
  return openHere(setup, guardNative(setup.guard), (await engine()).openModel);
}

async function start(setup: EngineSetup & Guarded): Promise<void> {
  if (setup.niceness) yieldTo(setup.niceness);
  // Opening a session is a native call too.
  const engine = await guardNative(setup.guard)(() => createEngine(setup));
  const { provider, refused } = engine.loaded;
  port.on('message', (message: ToWorker<unknown>) => {
    if (message.type === 'forget') {
      engine.forget(message.stream);
      return;
    }
    if (message.type === 'bare') {
      void bare(engine, message);
      return;
    }
    void engine.run(message.batch).then((outputs) => {
      answer(
        { type: 'done', outputs, use: { cpuMs: recentThreadCpuMs() } },
        engine.transferred?.(outputs),
      );
    });
  });
  answer({ type: 'ready', provider, refused });
}

/** Makes this thread less urgent than the others: on Linux niceness belongs to a thread, elsewhere to the process, which is left alone. */
function yieldTo(niceness: number): void {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    setPriority(thread, Math.min(19, getPriority(thread) + niceness));
  } catch {
    // Not Linux, or not allowed: the thread then competes as an equal.
  }
}

async function bare(
  engine: Engine<unknown, unknown>,
  { batch, rows, times }: Extract<ToWorker<unknown>, { type: 'bare' }>,
) {
  const before = { cpuMs: threadCpuMs() };
  const start = performance.now();
  for (let i = 0; i < times; i++) await engine.bare(batch, rows);
  answer({
    type: 'bared',
    runMs: performance.now() - start,
    before,
    use: { cpuMs: threadCpuMs() },
  });
}

start(workerData as EngineSetup & Guarded).catch((error: unknown) => {
  const code = error instanceof PipelineError ? error.code : 'SYLSTREAM_ERR_WORKER';
  answer({
    type: 'refused',
    code,
    message: error instanceof Error ? error.message : String(error),
  });
});
