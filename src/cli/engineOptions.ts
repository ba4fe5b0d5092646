import { type Command, InvalidArgumentError, Option } from 'commander';
import { availableCores } from '../models/inference/cores.ts';
import { loadModels, type LoadModelsOptions, type Models } from '../models/loadModels.ts';
import { LANES_PER_THREAD } from '../streams/laneLength.ts';
import { createLocalPool } from '../streams/pool/localPool.ts';
import { type StreamPool } from '../streams/pool/poolTypes.ts';
import { createStreamPool } from '../streams/pool/streamPool.ts';
import { countTo } from './usage.ts';

/** What the options below give. */
export interface EngineOptions {
  readonly bundle?: string;
  readonly precision: 'int8' | 'fp32';
  readonly workers?: number | undefined;
  readonly providers: LoadModelsOptions['providers'];
}

const PROVIDERS = ['cpu', 'cuda', 'webgpu'] as const;

/** Adds the options that choose a bundle and how it runs. */
export function withEngineOptions(command: Command): Command {
  return command
    .optionsGroup('Engine:')
    .option('--bundle <folder>', 'model bundle (default: the one that comes with the package)')
    .addOption(
      new Option('--precision <name>', 'form of the encoder')
        .choices(['int8', 'fp32'])
        .default('int8'),
    )
    .option(
      '--workers <n>',
      'threads: that recordings live in, where there are several, else for inference (default: the cores)',
      countTo(64),
    )
    .option('--providers <list>', 'ONNX Runtime providers, first choice first', providers, ['cpu']);
}

/**
 * Loads what the options ask for, language model and vocoder only where `lm` and `speak` say so, with `gathers` for lanes; a
 * refused provider is told on standard error.
 */
export function loadEngine(
  options: EngineOptions,
  wanted: Pick<LoadModelsOptions, 'lm' | 'speak' | 'gathers'> = {},
): Promise<Models> {
  const { bundle, precision, workers, providers: list } = options;
  const { lm = false, speak = false, gathers } = wanted;
  return loadModels({ bundle, precision, workers, providers: list, onRefused, lm, speak, gathers });
}

/** What recordings are cut in. */
export interface RecordingPool {
  readonly pool: StreamPool;
  /** Of `speechUnits()`. */
  readonly lanes: number;
}

/**
 * Opens what recordings are cut in: many of them over every core, each whole in one thread; a single one here, with its encoder
 * in threads beside: over every core, at several places at the same time, where it is there as a whole.
 */
export async function openPool(
  recordings: number,
  options: EngineOptions,
  isWhole: boolean,
): Promise<RecordingPool> {
  const { bundle, precision, workers, providers: list } = options;
  if (recordings > 1) {
    const shards = workers === undefined ? undefined : Math.min(workers, recordings);
    const engine = { bundle, precision, providers: list, onRefused, lm: false };
    return { pool: await createStreamPool({ ...engine, shards }), lanes: 1 };
  }
  const threads = isWhole ? (workers ?? Math.max(1, Math.floor(availableCores()))) : workers;
  const models = await loadEngine({ ...options, workers: threads }, { gathers: isWhole });
  const pool = { ...createLocalPool(models), close: models.close };
  return { pool, lanes: isWhole ? LANES_PER_THREAD * threads! : 1 };
}

function providers(text: string): (typeof PROVIDERS)[number][] {
  const names = text.split(',').map((name) => name.trim());
  return names.map((name) => {
    const found = PROVIDERS.find((known) => known === name);
    if (found === undefined) {
      throw new InvalidArgumentError(`Expected names of ${PROVIDERS.join(', ')}, got "${name}".`);
    }
    return found;
  });
}

function onRefused(line: string): void {
  process.stderr.write(`sylstream: provider refused, trying the next: ${line}\n`);
}
