import * as ort from 'onnxruntime-node';
import { openOnFirst, type OpenModel } from './tensors.ts';

// What went wrong is thrown, and said once, by us: the library's own log would say it again, in red, on standard error.
ort.env.logLevel = 'fatal';

/** Opens an ONNX model with onnxruntime-node. One thread, sequential, no spinning. */
export const openModel: OpenModel = async (
  path,
  providers,
  expected,
  { boundedSums = false } = {},
) => {
  const opened = await openOnFirst(path, providers, expected, (provider) =>
    ort.InferenceSession.create(path, {
      executionProviders: [provider],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4,
      // On x64 without VNNI the fast product of uint8 and int8 can overflow its 16 bits without a word; this takes the exact one there.
      extra: { session: { x64quantprecision: boundedSums ? '0' : '1' } },
    }),
  );
  const { node, common } = ort.env.versions;
  return { ...opened, runtime: node ?? common };
};
