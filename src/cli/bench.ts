import { Command, InvalidArgumentError } from 'commander';
import { join } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import { measureCapacity } from '../bench/capacity.ts';
import { capacityText } from '../bench/report.ts';
import { defaultBundle } from '../models/bundle/manifest.ts';
import { fromFile } from '../streams/fromFile.ts';
import { openOutput } from './output.ts';
import { count, positive } from './usage.ts';

interface BenchOptions {
  readonly streams: readonly number[];
  readonly seconds: number;
  readonly precision: readonly ('int8' | 'fp32')[];
  readonly workers?: number;
  readonly bundle?: string;
  readonly speech?: string;
  readonly json?: boolean;
}

/** `sylstream bench`: how many live streams this machine carries, and what it adds to every unit. */
export function benchCommand(): Command {
  return new Command('bench')
    .description(
      'measure live streams on this machine: lag, event loop, memory, batches, beside the bare model',
    )
    .option(
      '--streams <list>',
      'numbers of live streams, one run each',
      counts,
      [1, 25, 50, 75, 100, 125, 150],
    )
    .option('--seconds <n>', 'audio seconds of a run', positive, 15)
    .option('--precision <list>', 'int8, fp32 or both', precisions, ['int8', 'fp32'])
    .option('--workers <n>', 'threads that streams live in (default: the cores)', count)
    .option('--bundle <folder>', 'model bundle (default: the one that comes with the package)')
    .option('--speech <file>', "speech to send (default: the bundle's golden recording)")
    .option('--json', 'print the whole report as JSON')
    .action(bench);
}

async function bench(options: BenchOptions): Promise<void> {
  const output = await openOutput();
  const path = options.speech ?? join(options.bundle ?? defaultBundle(), 'golden', 'speech.wav');
  const chunks = await lastValueFrom(fromFile(path).pipe(toArray()));
  const speech = new Float32Array(chunks.reduce((sum, { samples }) => sum + samples.length, 0));
  let at = 0;
  for (const { samples } of chunks) {
    speech.set(samples, at);
    at += samples.length;
  }
  const report = await measureCapacity({
    ...options,
    shards: options.workers,
    speech,
    precisions: options.precision,
    onRow: (precision, streams) =>
      process.stderr.write(`bench: ${precision}, ${streams} streams\n`),
  });
  await output.write(`${options.json ? JSON.stringify(report) : capacityText(report)}\n`);
}

function counts(text: string): number[] {
  return text.split(',').map((item) => count(item.trim()));
}

function precisions(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const wrong = names.find((name) => name !== 'int8' && name !== 'fp32');
  if (wrong === undefined) return names;
  throw new InvalidArgumentError(`Expected int8, fp32 or both with a comma, got "${wrong}".`);
}
