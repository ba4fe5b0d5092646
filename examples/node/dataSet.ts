/** Turns a folder of recordings into units over the socket, many at once: node dataSet.ts FOLDER OUT [--parallel N] */
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { from, lastValueFrom, mergeMap, tap } from 'rxjs';
import { createGate, formats, fromFile, PipelineError } from 'sylstream';
import type { Unit } from 'sylstream';
import { streamUnits } from 'sylstream/client';
import { CONNECTION, provenanceOf, streamOptions } from './connection.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { ...CONNECTION, parallel: { type: 'string', default: '4' } },
});
const [folder, out] = positionals;
if (folder === undefined || out === undefined) {
  throw new TypeError('expected a folder of recordings and a folder for units');
}

const SOUNDS = new Set(['.wav', '.flac', '.mp3', '.ogg', '.opus', '.m4a']);
/** How far a file is read ahead of the server: enough to keep it busy, 1.3 MB of memory. */
const AHEAD_MS = 20_000;
const options = streamOptions(values);
const about = join(out, 'dataset.json');

/** One recording: sends it, writes its units beside and renames, so that a file that is there is whole. */
async function tokenize(name: string): Promise<void> {
  const gate = createGate({ aheadMs: AHEAD_MS });
  const units: Unit[] = [];
  let header: formats.StatedProvenance | undefined;
  const events$ = streamUnits(fromFile(join(folder, name), { gate }), values.url, {
    ...options,
    pace: 'file',
  });
  const done = await lastValueFrom(
    events$.pipe(
      tap((event) => {
        if (event.type === 'progress') gate.processed(event.acknowledged);
        else if (event.type === 'unit') units.push(event.unit);
        else if (event.type === 'ready') header = provenanceOf(event, options.rate);
      }),
    ),
  );
  if (done.type !== 'done' || header === undefined) throw new Error('the stream ended early');
  await sameModel(header);
  const lines = formats.jsonl({ header, file: name });
  const text = [lines.begin(), ...units.map((unit) => lines.unit(unit)), lines.end(done.samples)];
  const path = join(out, `${name}.jsonl`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.part`, text.join(''));
  await rename(`${path}.part`, path);
}

let model: Promise<string> | undefined;

/** Units of two bundles or rates do not belong in one data set: their numbers mean different things. */
async function sameModel(provenance: formats.StatedProvenance): Promise<void> {
  const now = JSON.stringify(provenance);
  model ??= firstModel(now);
  const expected = await model;
  if (now === expected) return;
  const message = `expected units of ${expected} as in ${about}, got those of ${now}`;
  throw new PipelineError('SYLSTREAM_ERR_MODEL', message);
}

/** What the data set was begun with: what `dataset.json` says, or what comes first. */
async function firstModel(now: string): Promise<string> {
  const before = await readFile(about, 'utf8').catch(() => undefined);
  if (before === undefined) await writeFile(about, now, { flag: 'wx' });
  return before ?? now;
}

async function isDone(name: string): Promise<boolean> {
  return stat(join(out, `${name}.jsonl`)).then(
    () => true,
    () => false,
  );
}

await mkdir(out, { recursive: true });
const names = (await readdir(folder, { recursive: true })).filter((name) =>
  SOUNDS.has(extname(name).toLowerCase()),
);
const counts = { made: 0, kept: 0, failed: 0 };
await lastValueFrom(
  from(names.toSorted()).pipe(
    // As many files at once as asked for, never more: each is a stream of the server's.
    mergeMap(async (name) => {
      if (await isDone(name)) return void counts.kept++;
      try {
        await tokenize(name);
        counts.made++;
      } catch (error) {
        counts.failed++;
        process.stderr.write(`${name}: ${(error as Error).message}\n`);
      }
    }, Number(values.parallel)),
  ),
  { defaultValue: undefined },
);
process.stdout.write(`${JSON.stringify({ recordings: names.length, ...counts })}\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;
