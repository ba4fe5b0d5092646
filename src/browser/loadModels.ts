import { checkChoice, checkNumber, whole } from '../core/check.ts';
import type { UnitLabels } from '../core/unitLabels.ts';
import type { Bundle, Precision } from '../models/bundle/bundle.ts';
import { PRECISIONS } from '../models/encoder/stepModel.ts';
import type { Provider } from '../models/inference/tensors.ts';
import { fft } from '../mel/pffft.ts';
import { speex } from '../audio/speex.ts';
import { createWorkerLink, type WorkerLink } from './workerLink.ts';

/** Options of the browser's `loadModels()`. */
export interface LoadModelsOptions {
  /** A worker of `sylstream/browser/worker` (or `…/worker-webgpu`), which these models have to themselves. */
  readonly worker: Worker;
  /** Default `int8`, a download of 6 MB with `small`; `fp32` is 18 MB, and quicker in WebAssembly. */
  readonly precision?: Precision | undefined;
  /** Loads the bundle's language model too, where it has one; default false. */
  readonly lm?: boolean | undefined;
  /** Loads what units stand for too, where the bundle says so; default false. */
  readonly labels?: boolean | undefined;
  /** Execution providers in order of preference; default `['cpu']`, which is WebAssembly. `webgpu` wants the other worker. */
  readonly providers?: readonly Exclude<Provider, 'cuda'>[] | undefined;
  /** Threads of WebAssembly, 1 to 16; default 1. More than one counts only in a page that is isolated (COOP and COEP). */
  readonly threads?: number | undefined;
  /** Sent with every request for a file of the bundle, `authorization` for instance. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The bundle's hash (docs/bundle.md), where no other one will do. */
  readonly hash?: string | undefined;
  /** Folder of onnxruntime-web's own files; default: where the worker's script lies. */
  readonly runtime?: string | undefined;
  /** Told how much of the download is there, and how much it will be; what is cached counts too. */
  readonly onLoading?: ((bytes: number, total: number) => void) | undefined;
}

/** Models in a worker. */
export interface BrowserModels {
  /** What was loaded; its `directory` is an address. */
  readonly bundle: Bundle;
  /** `cpu` or `webgpu`. */
  readonly provider: Provider;
  /** One line for each provider that was asked for and refused. */
  readonly refused: readonly string[];
  /** What units stand for, with `labels: true`. */
  readonly labels?: UnitLabels | undefined;
  /** Whether continuations can be had. */
  readonly lm: boolean;
  /** Of the worker, for `speechUnits()`. */
  readonly link: WorkerLink;
  /** Ends the worker; streams under way fail with `SYLSTREAM_ERR_CLOSED`. */
  close(): void;
}

/**
 * Loads a bundle in a Web Worker: fetches what it needs of it, checks sizes and hashes, and keeps it (Cache API), so that the
 * next visit loads nothing and needs no network.
 *
 * @param url the bundle's folder, from this page
 * @throws TypeError or RangeError for a wrong option; PipelineError (from the promise) `SYLSTREAM_ERR_BUNDLE_MISSING`,
 *   `SYLSTREAM_ERR_BUNDLE_HASH`, `SYLSTREAM_ERR_BUNDLE_FORMAT`, `SYLSTREAM_ERR_BUNDLE_SHAPE`, `SYLSTREAM_ERR_PROVIDER`,
 *   `SYLSTREAM_ERR_ENGINE`, `SYLSTREAM_ERR_WORKER`. The worker is ended then.
 *
 * @example
 * import SpeechWorker from 'sylstream/browser/worker?worker'; // Vite
 * const models = await loadModels('model/', { worker: new SpeechWorker() });
 */
export async function loadModels(url: string, options: LoadModelsOptions): Promise<BrowserModels> {
  const {
    worker,
    precision = 'int8',
    lm = false,
    labels = false,
    providers = ['cpu'],
    threads = 1,
    headers = {},
    hash,
    runtime,
    onLoading,
  } = options;
  if (!(worker instanceof Worker)) {
    throw new TypeError(
      `worker must be a Worker of sylstream/browser/worker, got ${typeof worker}`,
    );
  }
  checkChoice('precision', precision, PRECISIONS);
  checkNumber('threads', threads, whole(1, 16));
  const absolute = (address: string): string => new URL(address, location.href).href;
  const link = createWorkerLink(worker);
  const request = {
    url: absolute(url),
    precision,
    lm,
    labels,
    providers,
    threads,
    headers,
    hash,
    ...(runtime !== undefined && { runtime: absolute(runtime) }),
  };
  // The page reads and resamples sound itself.
  const [loaded] = await Promise.all([link.load(request, onLoading), fft.load(), speex.load()]);
  return { ...loaded, link, close: link.close };
}
