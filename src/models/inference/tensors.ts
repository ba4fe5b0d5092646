import { type InferenceSession, Tensor } from 'onnxruntime-common';
import { PipelineError } from '../../core/errors.ts';

/** Execution providers that can be asked for. */
export type Provider = 'cpu' | 'cuda' | 'webgpu';

/** Where a model runs. */
export interface LoadedModel {
  readonly provider: Provider;
  /** One line for each provider that was asked for and refused. */
  readonly refused: readonly string[];
  /** ONNX Runtime's version. */
  readonly runtime: string;
  /** As `instructionSet()`, where it runs on another machine. */
  readonly processor?: string | undefined;
}

/** A model that is loaded here. */
export interface LoadedSession extends LoadedModel {
  readonly session: InferenceSession;
}

/** A tensor's name and shape as the format has it; a string is a dynamic axis. */
export type TensorShapes = ReadonlyMap<string, readonly (number | string)[]>;

/** How a model wants to be run. */
export interface ModelTraits {
  /** No two products of its int8 weights overflow 16 bits together (`boundedSums` of its config.json), so the fast product is exact everywhere. */
  readonly boundedSums?: boolean | undefined;
}

/** What a model must take and give; float32 but for the inputs named in `int64`. */
export interface ExpectedTensors {
  readonly inputs: TensorShapes;
  readonly outputs: TensorShapes;
  readonly int64?: readonly string[] | undefined;
}

/**
 * Opens an ONNX model on the first provider of the list that takes it, with whatever ONNX Runtime there is (`onnx.ts`,
 * `src/browser/webRuntime.ts`).
 *
 * @throws PipelineError `SYLSTREAM_ERR_PROVIDER` when none takes it, `SYLSTREAM_ERR_BUNDLE_SHAPE` when
 *   the model's tensors are not the expected ones
 */
export type OpenModel = (
  path: string,
  providers: readonly Provider[],
  expected: ExpectedTensors,
  traits?: ModelTraits,
) => Promise<LoadedSession>;

/**
 * Walks the list of providers. ONNX Runtime itself does not fall back (it throws).
 *
 * @param create opens the model on one of them
 * @throws PipelineError as `OpenModel`
 */
export async function openOnFirst(
  path: string,
  providers: readonly Provider[],
  expected: ExpectedTensors,
  create: (provider: Provider) => Promise<InferenceSession>,
): Promise<Omit<LoadedSession, 'runtime'>> {
  const refused: string[] = [];
  for (const provider of providers) {
    let session: InferenceSession;
    try {
      session = await create(provider);
    } catch (error) {
      refused.push(`${provider}: ${firstLine(error)}`);
      continue;
    }
    checkTensors(path, 'input', session.inputMetadata, expected);
    checkTensors(path, 'output', session.outputMetadata, expected);
    return { session, provider, refused };
  }
  throw new PipelineError(
    'SYLSTREAM_ERR_PROVIDER',
    `expected one of the providers ${providers.join(', ')} to run ${path}, and none did ` +
      `(${refused.join('; ')}); add "cpu" to the list`,
  );
}

function checkTensors(
  path: string,
  kind: 'input' | 'output',
  found: readonly InferenceSession.ValueMetadata[],
  { inputs, outputs, int64 = [] }: ExpectedTensors,
): void {
  const refuse = (what: string): never => {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_SHAPE',
      `${path}: ${what}; config.json and the model do not belong together, export the bundle again`,
    );
  };
  for (const [name, shape] of kind === 'input' ? inputs : outputs) {
    const type = kind === 'input' && int64.includes(name) ? 'int64' : 'float32';
    const meta = found.find((tensor) => tensor.name === name);
    if (!meta) {
      refuse(`expected an ${kind} ${name}, found ${found.map((tensor) => tensor.name).join(', ')}`);
    } else if (!meta.isTensor || meta.type !== type || !agrees(meta.shape, shape)) {
      const has = meta.isTensor ? `${meta.type} [${meta.shape}]` : 'no tensor';
      refuse(`expected ${kind} ${name} to be ${type} [${shape}], found ${has}`);
    }
  }
}

/** Fixed axes must be equal; an axis that is dynamic on either side agrees. */
function agrees(
  found: readonly (number | string)[],
  expected: readonly (number | string)[],
): boolean {
  return (
    found.length === expected.length &&
    expected.every(
      (axis, i) => typeof axis === 'string' || typeof found[i] === 'string' || found[i] === axis,
    )
  );
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0];
}

/** A float32 tensor over (a prefix of) preallocated memory; no copy. */
export function tensor(data: Float32Array, shape: readonly number[]): Tensor {
  return new Tensor('float32', data, shape);
}

/** An int64 tensor over (a prefix of) preallocated memory; no copy. */
export function int64Tensor(data: BigInt64Array, shape: readonly number[]): Tensor {
  return new Tensor('int64', data, shape);
}

export type { InferenceSession, Tensor } from 'onnxruntime-common';
