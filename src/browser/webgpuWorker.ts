/** The same with WebGPU: larger by 12 MB, and quicker where the device has a good graphics processor. For `providers: ['webgpu', 'cpu']`. */
import * as ort from 'onnxruntime-web/webgpu';
import { serveModels } from './serveModels.ts';
import { isRuntimeThread } from './runtimeThread.ts';

if (!isRuntimeThread()) serveModels(self, ort);
