/** A Web Worker that runs models with onnxruntime-web's WebAssembly: `new Worker(…, { type: 'module' })`, handed to `loadModels()`. */
import * as ort from 'onnxruntime-web/wasm';
import { serveModels } from './serveModels.ts';
import { isRuntimeThread } from './runtimeThread.ts';

if (!isRuntimeThread()) serveModels(self, ort);
