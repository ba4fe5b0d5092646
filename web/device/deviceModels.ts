import { type BrowserModels, loadModels } from '../../src/browser/index.ts';

/** Where a site keeps its bundle, from the page. */
const BUNDLE = 'models/small/';

/** Models on this device, loaded when they are first wanted. */
export interface DeviceModels {
  load(): Promise<BrowserModels>;
}

/** What runs it; not in the published package, which is for servers. */
const RUNTIME = 'ort-wasm-simd-threaded.wasm';

/** Whether models can be loaded from where the page came from. */
export async function hasBundle(): Promise<boolean> {
  try {
    for (const file of [RUNTIME, `${BUNDLE}manifest.json`]) {
      if (!(await fetch(file, { method: 'HEAD' })).ok) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** `onLoading`: told how much of the download is there, 0 to 1. */
export function createDeviceModels(onLoading: (share: number) => void): DeviceModels {
  let loading: Promise<BrowserModels> | undefined;
  async function start(): Promise<BrowserModels> {
    const worker = new Worker(new URL('modelWorker.js', import.meta.url), { type: 'module' });
    try {
      return await loadModels(BUNDLE, {
        worker,
        lm: true,
        labels: true,
        onLoading: (bytes, total) => onLoading(total > 0 ? Math.min(1, bytes / total) : 0),
      });
    } catch (error) {
      loading = undefined; // the next time tries again
      throw error;
    }
  }
  return { load: () => (loading ??= start()) };
}
