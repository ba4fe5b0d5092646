import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { packageRoot } from '../../core/packageRoot.ts';
import type { Bundle, CachedEncoderConfig, Precision } from '../bundle/bundle.ts';
import { cachedEncoder } from './remoteModel.ts';
import { stepModelPath } from './stepModel.ts';
import { TRITON_MODEL } from './tritonLink.ts';

/** What a repository is written for. */
export interface TritonRepositoryOptions {
  readonly precision: Precision;
  /** Streams whose keys and values the server keeps, 1 to 65,536. */
  readonly sequences: number;
  /** Most streams of a run, 1 to 256. */
  readonly maxBatch: number;
  /** `gpu`: through onnxruntime-gpu and CuPy. */
  readonly device: 'cpu' | 'gpu';
}

/** A stream that is silent for longer is forgotten; its gateway sends the field again when it goes on. */
const IDLE_MICROSECONDS = 60_000_000;
/** The Python backend's program. */
const PROGRAM = ['model.py', 'arena.py', 'slots.py', 'processor.py'] as const;
const WEIGHTS = 'onnx/weights.bin';

/**
 * Writes a Triton model repository: the step model with its weights, the program of the Python backend, its configuration.
 * Files that are there are written over.
 *
 * @param out the repository's folder; made where it is not there
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_MISSING` where the bundle has no such step model, `SYLSTREAM_ERR_REMOTE` where
 *   its encoder hears the waveform
 */
export async function writeTritonRepository(
  bundle: Bundle,
  out: string,
  options: TritonRepositoryOptions,
): Promise<void> {
  const { precision, sequences, maxBatch } = options;
  const encoder = cachedEncoder(bundle.config.encoder, 'behind Triton');
  const step = stepModelPath(bundle, precision);
  const version = join(out, TRITON_MODEL, '1');
  await mkdir(version, { recursive: true });
  await copyFile(step, join(version, basename(step)));
  if (WEIGHTS in bundle.manifest.files)
    await copyFile(join(bundle.directory, WEIGHTS), join(version, basename(WEIGHTS)));
  for (const file of PROGRAM)
    await copyFile(join(packageRoot(), 'triton', file), join(version, file));
  const told = {
    bundle: bundle.hash,
    precision,
    model: basename(step),
    encoder,
    sequences,
    maxBatch,
  };
  await writeFile(join(version, 'sylstream.json'), `${JSON.stringify(told, undefined, 2)}\n`);
  await writeFile(join(dirname(version), 'config.pbtxt'), configText(encoder, options));
}

/** The model's configuration, in protobuf's text. */
function configText(
  { featureWidth, outputs }: CachedEncoderConfig,
  { sequences, maxBatch, device }: TritonRepositoryOptions,
): string {
  const told = outputs.map((name) => {
    const width = name === 'features' ? featureWidth : 1;
    return `  { name: "${name}" data_type: TYPE_FP32 dims: [-1, ${width}] }`;
  });
  return `# Written by "sylstream model triton".
name: "${TRITON_MODEL}"
backend: "python"
max_batch_size: ${maxBatch}
input [
  { name: "mel" data_type: TYPE_FP32 dims: [-1, 128] allow_ragged_batch: true },
  { name: "place" data_type: TYPE_INT64 dims: [4] }
]
output [
${told.join(',\n')},
  { name: "about" data_type: TYPE_STRING dims: [1] }
]
sequence_batching {
  max_sequence_idle_microseconds: ${IDLE_MICROSECONDS}
  oldest { max_candidate_sequences: ${sequences} }
  control_input [
    { name: "START" control [{ kind: CONTROL_SEQUENCE_START int32_false_true: [0, 1] }] },
    { name: "END" control [{ kind: CONTROL_SEQUENCE_END int32_false_true: [0, 1] }] },
    { name: "CORRID" control [{ kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT64 }] }
  ]
}
instance_group [{ kind: ${device === 'gpu' ? 'KIND_GPU' : 'KIND_CPU'} count: 1 }]
`;
}
