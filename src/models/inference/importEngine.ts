import { createRequire } from 'node:module';
import { PipelineError } from '../../core/errors.ts';
import { turnTelemetryOff } from './telemetry.ts';

/** Where onnxruntime-node has binaries for. */
const SERVED = 'Linux with glibc (x64, arm64), macOS (arm64), Windows (x64, arm64)';

/**
 * Imports what needs the native library (`onnx.ts`, and whatever imports that): telemetry is off before it is loaded,
 * and a library that cannot be loaded is one clear error. Nothing else may import those files but for their types.
 *
 * @param isSilent whoever started this thread has turned telemetry off already
 * @throws PipelineError `SYLSTREAM_ERR_ENGINE`
 */
export async function importEngine<T>(load: () => Promise<T>, isSilent = false): Promise<T> {
  if (!isSilent) await turnTelemetryOff();
  try {
    // First, and with require(): Node 20 ends the process when a CommonJS module throws as an ES module imports it.
    createRequire(import.meta.url)('onnxruntime-node');
    return await load();
  } catch (error) {
    const why = String(error instanceof Error ? error.message : error).split('\n')[0];
    throw new PipelineError(
      'SYLSTREAM_ERR_ENGINE',
      `expected onnxruntime-node to load on ${system()}, and it did not (${why}); it serves ${SERVED}; ` +
        'there, ONNXRUNTIME_NODE_INSTALL=skip npm install brings it',
      { cause: error },
    );
  }
}

/** The system in the words in which binaries differ. */
function system(): string {
  const { platform, arch } = process;
  if (platform !== 'linux') return `${platform} ${arch}`;
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const { glibcVersionRuntime: glibc } = header;
  return `linux ${arch} ${glibc === undefined ? 'without glibc' : `with glibc ${glibc}`}`;
}
