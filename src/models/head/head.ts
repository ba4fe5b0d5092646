import { resolve, join } from 'node:path';
import { PipelineError } from '../../core/errors.ts';
import type { Bundle } from '../bundle/bundle.ts';
import type { FileEntry } from '../bundle/bundleFaults.ts';
import { checkFile, readJson } from '../bundle/checkedFiles.ts';
import { importEngine } from '../inference/importEngine.ts';
import { tensor } from '../inference/tensors.ts';

/** `head.json` (docs/head.md). */
export interface HeadFile {
  readonly name: string;
  readonly encoder: string;
  readonly featureWidth: number;
  readonly labels: readonly string[];
  readonly windowMs: number;
  readonly hopMs: number;
  readonly minSpeechMs?: number;
  readonly files: Readonly<Record<string, FileEntry>>;
}

/** A classifier over pooled features of one bundle. */
export interface Head {
  readonly name: string;
  /** Absolute path of its folder. */
  readonly directory: string;
  /** What the classes are called. */
  readonly labels: readonly string[];
  /** D. */
  readonly featureWidth: number;
  /** What it was taught to hear at once, and how often it is worth asking, in milliseconds. */
  readonly windowMs: number;
  readonly hopMs: number;
  /** It hears speech alone, and needs so much of it in a window; absent: it hears everything. */
  readonly minSpeechMs?: number | undefined;
  /** Returns a probability for each label, from a mean feature `[D]`. */
  classify(pooled: Float32Array): Promise<Float32Array>;
  /** Releases the model. */
  close(): Promise<void>;
}

/** The file of a bundle that says which features it gives. */
const ENCODER = 'onnx/step_int8.onnx';

/** Where a bundle keeps a head of its own. */
const OWN = 'head';

/** The folder of a bundle's own head. */
export function headFolder(bundle: Bundle): string {
  return join(bundle.directory, OWN);
}

/** Whether a bundle comes with a head. */
export function hasHead(bundle: Bundle): boolean {
  return `${OWN}/head.json` in bundle.manifest.files;
}

/**
 * Reads a head's description and checks its files.
 *
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_MISSING`, `SYLSTREAM_ERR_BUNDLE_FORMAT`, `SYLSTREAM_ERR_BUNDLE_HASH`
 */
export async function readHead(folder: string): Promise<HeadFile> {
  const about = await readJson<HeadFile>(folder, 'head.json', 'head');
  await Promise.all(
    Object.entries(about.files).map(([path, expected]) => checkFile(folder, path, expected)),
  );
  return about;
}

/**
 * Reads and checks a head's folder and loads it for a bundle.
 *
 * It runs on the calling thread: one product of a vector and a small matrix, some microseconds every `hopMs`.
 *
 * @param directory the head's folder; default: the bundle's own head
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_MISSING` (also for a bundle without a head), `SYLSTREAM_ERR_BUNDLE_FORMAT`,
 *   `SYLSTREAM_ERR_BUNDLE_HASH` (a damaged file, or a head for another bundle's features), `SYLSTREAM_ERR_BUNDLE_SHAPE`,
 *   `SYLSTREAM_ERR_ENGINE` (no native library for this system)
 */
export async function loadHead(bundle: Bundle, directory?: string): Promise<Head> {
  if (directory === undefined && !hasHead(bundle)) {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_MISSING',
      `expected a classification head in ${headFolder(bundle)}, this bundle has none; ` +
        'name one (--head), or make one (docs/head.md)',
    );
  }
  const folder = directory === undefined ? headFolder(bundle) : resolve(directory);
  const about = await readHead(folder);
  const { featureWidth, labels, windowMs, hopMs, minSpeechMs } = about;
  const { sha256 } = bundle.manifest.files[ENCODER] ?? { sha256: 'no int8 encoder' };
  if (about.encoder !== sha256) {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_HASH',
      `head.json of ${folder}: expected the encoder ${sha256} of ${bundle.directory}, found ${about.encoder}; ` +
        'use the bundle that the head was taught on, or teach it again on this one',
    );
  }
  const { openModel } = await importEngine(() => import('../inference/onnx.ts'));
  const { session } = await openModel(join(folder, 'head.onnx'), ['cpu'], {
    inputs: new Map([['pooled', ['B', featureWidth]]]),
    outputs: new Map([['probabilities', ['B', labels.length]]]),
  });
  return {
    name: about.name,
    directory: folder,
    labels,
    featureWidth,
    windowMs,
    hopMs,
    minSpeechMs,
    classify: async (pooled) => {
      const out = await session.run({ pooled: tensor(pooled, [1, featureWidth]) });
      return Float32Array.from(out.probabilities.data as Float32Array);
    },
    close: () => session.release(),
  };
}
