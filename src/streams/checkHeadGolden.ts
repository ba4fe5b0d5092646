import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import type { Head } from '../models/head/head.ts';
import type { Models } from '../models/loadModels.ts';
import { parseSafetensors } from '../models/bundle/safetensors.ts';
import { classify } from '../operators/classify.ts';
import { encode } from '../operators/encode.ts';
import { logMel } from '../operators/logMel.ts';
import { fromWav } from './fromWav.ts';

/** How what a head says of its bundle's own recording compares with `golden.safetensors` of the head. */
export interface HeadGoldenReport {
  /** Windows of the golden file, and of these the ones that were found. */
  readonly expected: number;
  readonly found: number;
  /** Largest absolute difference of a probability. */
  readonly largest: number;
}

/**
 * Hears a bundle's golden recording with a head and compares every window's probabilities with Python's. The front ends
 * round differently, and int8 activations move by a step of 255 where they do.
 *
 * @throws PipelineError those of the pipeline; `SYLSTREAM_ERR_BUNDLE_FORMAT` for a file that is none
 */
export async function checkHeadGolden(models: Models, head: Head): Promise<HeadGoldenReport> {
  const path = join(head.directory, 'golden.safetensors');
  const golden = parseSafetensors(await readFile(path), path);
  const { data: windows, shape } = golden.get('windows')!;
  const probabilities = golden.get('probabilities')!.data as Float32Array;
  const { bundle, encoder } = models;
  const said = await lastValueFrom(
    fromWav(join(bundle.directory, 'golden', 'speech.wav')).pipe(
      logMel({ wave: encoder.shape.wave }),
      encode(encoder, { mel: bundle.config.mel }),
      classify(head),
      toArray(),
    ),
  );
  const classes = head.labels.length;
  const ends = new Map(said.map(({ start, probabilities: row }) => [start / 320, row]));
  let found = 0;
  let largest = 0;
  for (let n = 0; n < shape[0]; n++) {
    const row = ends.get(windows[2 * n]);
    if (!row || row.length !== classes) continue;
    found += 1;
    for (const [c, value] of row.entries()) {
      largest = Math.max(largest, Math.abs(value - probabilities[n * classes + c]));
    }
  }
  return { expected: shape[0], found, largest };
}
