import { speex } from '../audio/speex.ts';
import type { UnitLabels } from '../core/unitLabels.ts';
import { fft } from '../mel/pffft.ts';
import { CODEBOOK, parseCodebook } from '../models/codebook/parseCodebook.ts';
import { UNIT_CARDS, unitCardsOf, type UnitsFile } from '../models/codebook/unitCards.ts';
import type { EncoderSetup } from '../models/encoder/encoderMessages.ts';
import { createStepEncoder } from '../models/encoder/stepEncoder.ts';
import { createStepEngine } from '../models/encoder/stepEngine.ts';
import { openRunner } from '../models/encoder/openRunner.ts';
import { createLocalThreads } from '../models/inference/localThreads.ts';
import type { Provider } from '../models/inference/tensors.ts';
import { createLmEngine } from '../models/lm/lmEngine.ts';
import type { LmSetup } from '../models/lm/lmMessages.ts';
import { createUnitLmOn } from '../models/lm/unitLmOn.ts';
import type { Models } from '../models/loadModels.ts';
import { fetchBundle } from './fetchBundle.ts';
import type { LoadRequest } from './messages.ts';
import { openWithWeb, setUpRuntime, type OrtWeb } from './webRuntime.ts';

/** Models of this thread, and what is told of them. */
export interface OpenModels {
  readonly models: Models;
  readonly provider: Provider;
  readonly refused: readonly string[];
  readonly runtime: string;
  readonly labels: UnitLabels | undefined;
}

/** A stream or two run here, and the histories of a few hypotheses. */
const MAX_BATCH = 16;

/**
 * Fetches a bundle and opens its models in this thread: the encoder of the server and of the library, with onnxruntime-web
 * under it. To be called in a Web Worker, whose thread it blocks while it computes.
 *
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_…`, `SYLSTREAM_ERR_PROVIDER`, `SYLSTREAM_ERR_ENGINE`
 */
export async function openModels(
  ort: OrtWeb,
  request: LoadRequest,
  onBytes: (bytes: number, total: number) => void,
): Promise<OpenModels> {
  const { precision, providers } = request;
  let bytes = 0;
  let total = 0;
  const fetched = await fetchBundle(request.url, request.hash, {
    headers: request.headers,
    onBytes: (more) => onBytes((bytes += more), total),
  });
  const { bundle, read } = fetched;
  const wanted = filesOf(request, Object.keys(bundle.manifest.files));
  total = bytes + wanted.reduce((sum, path) => sum + bundle.manifest.files[path].bytes, 0);
  setUpRuntime(ort, request);
  const open = openWithWeb(ort, bundle, read);
  const refused: string[] = [];
  const onRefused = (line: string): void => void refused.push(line);
  let runtime = '';
  const encoderThreads = createLocalThreads<EncoderSetup>(async (setup) => {
    const runner = await openRunner(setup, (call) => call(), open);
    runtime = runner.loaded.runtime;
    return createStepEngine(setup, runner);
  });
  const lmThreads = createLocalThreads<LmSetup>((setup) => createLmEngine(setup, open));
  const [, , codebook, labels, encoder, lm] = await Promise.all([
    fft.load(),
    speex.load(),
    read(CODEBOOK).then((file) => parseCodebook(bundle, file)),
    wanted.includes(UNIT_CARDS)
      ? fetched
          .readJson<UnitsFile>(UNIT_CARDS, 'units')
          .then((file) => unitCardsOf(file, bundle).labels())
      : undefined,
    createStepEncoder(
      bundle,
      { precision, providers, workers: 1, maxBatch: MAX_BATCH, onRefused },
      encoderThreads,
    ),
    request.lm && bundle.lm
      ? createUnitLmOn(lmThreads, bundle, { precision, providers, maxBatch: MAX_BATCH, onRefused })
      : undefined,
  ]);
  await fetched.prune();
  const close = async (): Promise<void> => void (await Promise.all([encoder.close(), lm?.close()]));
  return {
    models: { bundle, encoder, codebook, ...(lm && { lm }), close },
    provider: encoder.status().provider as Provider,
    refused,
    runtime,
    labels,
  };
}

/** The files that will be read of those that there are. */
function filesOf({ precision, lm, labels }: LoadRequest, paths: readonly string[]): string[] {
  const step = precision === 'int8' ? ['step_int8.onnx'] : ['step.onnx', 'weights.bin'];
  const wanted = new Set([
    CODEBOOK,
    ...step.map((name) => `onnx/${name}`),
    ...(lm ? step.map((name) => `lm/${name}`) : []),
    ...(labels ? [UNIT_CARDS] : []),
  ]);
  return paths.filter((path) => wanted.has(path));
}
