import { type Command, InvalidArgumentError, Option } from 'commander';
import { loadModels, type LoadModelsOptions, type Models } from '../models/loadModels.ts';
import { createLocalPool } from '../streams/pool/localPool.ts';
import { type StreamPool } from '../streams/pool/poolTypes.ts';
import { createStreamPool } from '../streams/pool/streamPool.ts';
import { countTo } from './usage.ts';

/** What the options below give. */
export interface EngineOptions {
  readonly bundle?: string;
  readonly precision: 'int8' | 'fp32';
  readonly workers?: number;
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
      'threads: that recordings live in, where there are several (default: the cores), else for inference',
      countTo(64),
    )
    .option('--providers <list>', 'ONNX Runtime providers, first choice first', providers, ['cpu']);
}

/** Loads what the options ask for, language model and vocoder only where `lm` and `speak` say so; a refused provider is told on standard error. */
export function loadEngine(
  options: EngineOptions,
  wanted: { readonly lm?: boolean; readonly speak?: boolean } = {},
): Promise<Models> {
  const { bundle, precision, workers, providers: list } = options;
  const { lm = false, speak = false } = wanted;
  return loadModels({ bundle, precision, workers, providers: list, onRefused, lm, speak });
}

/**
 * Opens what recordings are cut in: many of them over every core, each whole in one thread; a single one here, with its encoder
 * in a thread beside.
 */
export async function openPool(recordings: number, options: EngineOptions): Promise<StreamPool> {
  const { bundle, precision, workers, providers: list } = options;
  if (recordings > 1) {
    const shards = workers === undefined ? undefined : Math.min(workers, recordings);
    return createStreamPool({ bundle, precision, shards, providers: list, onRefused, lm: false });
  }
  const models = await loadEngine(options);
  return { ...createLocalPool(models), close: models.close };
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
