import type { InferenceSession } from 'onnxruntime-common';
import type { Manifest } from '../models/bundle/bundle.ts';
import { openOnFirst, type OpenModel, type Provider } from '../models/inference/tensors.ts';

/** What is used of onnxruntime-web: its WebAssembly alone (`onnxruntime-web/wasm`), or with WebGPU (`onnxruntime-web/webgpu`). */
export type OrtWeb = typeof import('onnxruntime-common');

/** How the runtime is set up, once for a worker. */
export interface RuntimeOptions {
  /** Threads of WebAssembly; more than one only in a page that is isolated (COOP and COEP). */
  readonly threads: number;
  /** Folder of its files; default: where the script lies. */
  readonly runtime?: string | undefined;
}

/** What the runtime calls our providers. */
const EXECUTION: Readonly<Record<Provider, string>> = {
  cpu: 'wasm',
  webgpu: 'webgpu',
  cuda: 'cuda',
};

/** Sets onnxruntime-web up. To be called before the first model is opened. */
export function setUpRuntime(ort: OrtWeb, { threads, runtime }: RuntimeOptions): void {
  ort.env.logLevel = 'fatal'; // what went wrong is thrown, and said once
  ort.env.wasm.numThreads = globalThis.crossOriginIsolated ? threads : 1;
  if (runtime !== undefined) ort.env.wasm.wasmPaths = runtime;
}

/**
 * Opens ONNX models with onnxruntime-web, from a bundle's files. The weights of fp32 models lie beside them, and are read along.
 *
 * @param read a file of the bundle by its path in it
 */
export function openWithWeb(
  ort: OrtWeb,
  { directory, manifest }: { readonly directory: string; readonly manifest: Manifest },
  read: (path: string) => Promise<Uint8Array<ArrayBuffer>>,
): OpenModel {
  return async (place, providers, expected) => {
    const path = place.slice(directory.length + 1);
    const weights = `${path.slice(0, path.lastIndexOf('/'))}/weights.bin`;
    const hasWeights = !path.endsWith('_int8.onnx') && weights in manifest.files;
    const [model, data] = await Promise.all([read(path), hasWeights ? read(weights) : undefined]);
    const opened = await openOnFirst(place, providers, expected, (provider) =>
      ort.InferenceSession.create(model, {
        executionProviders: [EXECUTION[provider]],
        executionMode: 'sequential',
        graphOptimizationLevel: 'all',
        logSeverityLevel: 4,
        ...(data && { externalData: [{ path: 'weights.bin', data }] }),
      } satisfies InferenceSession.SessionOptions),
    );
    return { ...opened, runtime: ort.env.versions.web ?? ort.env.versions.common };
  };
}
