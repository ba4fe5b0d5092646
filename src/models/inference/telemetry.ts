import { isMainThread } from 'node:worker_threads';
import { PipelineError } from '../../core/errors.ts';

/** ONNX Runtime 1.30 and later sends nothing, writes nothing and looks nothing up when this is set before it is loaded. */
const VARIABLE = 'ORT_DISABLE_TELEMETRY';
/** How long the main thread may be busy before it is given up on. */
const MAIN_THREAD_MS = 30_000;

/**
 * Turns ONNX Runtime's telemetry off for the whole process; to be called before the native library is loaded.
 *
 * On the main thread that is an assignment. In a Worker `process.env` is a copy that native code never sees, with
 * `SHARE_ENV` too (it shares the copy of whoever started the Worker), so there the main thread is asked, through the
 * inspector's in-process session: no port is opened, and a busy main thread answers as soon as it comes to it.
 *
 * @throws PipelineError `SYLSTREAM_ERR_ENGINE` in a Worker whose main thread cannot be reached (a Node built without the
 *   inspector, or its permission model) while the variable is not set either
 */
export async function turnTelemetryOff(): Promise<void> {
  if (turnTelemetryOffHere()) return;
  const set = process.env[VARIABLE] === '1';
  try {
    await onMainThread(`process.env.${VARIABLE} = '1'`);
  } catch (error) {
    // Whoever set it did so, as the message below asks, for the whole process.
    if (set) return;
    throw new PipelineError(
      'SYLSTREAM_ERR_ENGINE',
      `expected to turn off the telemetry of ONNX Runtime from inside a Worker, and could not ` +
        `(${error instanceof Error ? error.message : String(error)}); start the process with ${VARIABLE}=1`,
      { cause: error },
    );
  }
}

/** The same where no waiting is needed; says whether it was enough. */
export function turnTelemetryOffHere(): boolean {
  if (isMainThread) process.env[VARIABLE] = '1';
  return isMainThread;
}

/** Evaluates an expression in the main thread of this process. */
async function onMainThread(expression: string): Promise<void> {
  const { Session } = await import('node:inspector');
  const session = new Session();
  let deadline: NodeJS.Timeout | undefined;
  try {
    session.connectToMainThread();
    await new Promise<void>((resolve, reject) => {
      const late = (): void =>
        reject(new Error(`the main thread was busy for ${MAIN_THREAD_MS} ms`));
      // Keeps the Worker alive too: a waiting session does not.
      deadline = setTimeout(late, MAIN_THREAD_MS);
      session.post('Runtime.evaluate', { expression }, (error, answer) => {
        const thrown = error?.message ?? answer.exceptionDetails?.text;
        if (thrown === undefined) resolve();
        else reject(new Error(thrown));
      });
    });
  } finally {
    clearTimeout(deadline);
    session.disconnect();
  }
}
