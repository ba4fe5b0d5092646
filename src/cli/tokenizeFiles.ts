import { catchError, concat, concatMap, filter, lastValueFrom, of, tap, throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import { csv } from '../formats/csv.ts';
import { readUnitCards } from '../models/codebook/readUnitCards.ts';
import { provenanceOf } from '../formats/provenance.ts';
import { eachRecording } from './eachRecording.ts';
import { openPool } from './engineOptions.ts';
import type { ExitCode } from './exitCodes.ts';
import { isLongFile } from './isLongFile.ts';
import { writeTo } from './output.ts';
import type { OutputPlan } from './outputPlan.ts';
import { startProgress } from './progress.ts';
import { EACH } from './audioInput.ts';
import { channelPieces } from './channelPieces.ts';
import { recordingPieces } from './recordingPieces.ts';
import { allRecordingSamples } from './recordingSamples.ts';
import type { TokenizeOptions } from './tokenizeOptions.ts';
import { fromOptions } from './usage.ts';

/**
 * Tokenizes recordings, several at once, and writes their units where the plan says. A recording that fails is told
 * on standard error and the others go on; an output that fails ends everything.
 *
 * @returns the exit status: that of the first recording that failed, in the order of the command line
 */
export async function tokenizeFiles(
  files: readonly string[],
  plan: OutputPlan,
  options: TokenizeOptions,
): Promise<ExitCode> {
  const isWhole = files.length === 1 && !options.realtime && (await isLongFile(files[0]));
  const { pool, lanes } = await openPool(files.length, options, isWhole);
  const bar = options.progress && !options.realtime && process.stderr.isTTY;
  const progress = startProgress(bar ? await allRecordingSamples(files) : []);
  try {
    const provenance = fromOptions(() =>
      provenanceOf(pool.bundle, options.precision, options.rate),
    );
    const labelOf = (await readUnitCards(pool.bundle))?.labelOf;
    const shared = plan.kind === 'shared' && files.length > 1;
    const width = options.features ? pool.bundle.config.encoder.featureWidth : 0;

    const channels = options.channel === EACH;
    const piecesOf = channels ? channelPieces : recordingPieces;

    const recordings = eachRecording(files, options, (file, n) => {
      const pieces$ = piecesOf(file, {
        options,
        pool,
        lanes,
        provenance,
        labelOf,
        name: shared ? file : undefined,
        names: !shared,
        onProgress: (sample) => progress.report(n, sample),
      });
      if (plan.kind === 'each') return writeTo(pieces$, plan.paths[n]);
      return shared && options.format === 'text' ? lineAtLeast(pieces$) : pieces$;
    });
    const pieces$ = recordings.results$;
    const names = csv({ provenance, file: '', channels, vectorWidth: width }).begin();
    const table$ = shared && options.format === 'csv' ? startingWith(names, pieces$) : pieces$;
    const all$ = plan.kind === 'each' ? table$ : writeTo(table$, plan.path, recordings.anySound);
    await lastValueFrom(all$, { defaultValue: undefined });
    return recordings.status();
  } finally {
    progress.stop();
    await pool.close();
  }
}

/** Keeps the place of a recording that fails: line n is recording n. What it gave before it broke off is a line already. */
function lineAtLeast(pieces$: Observable<string | Uint8Array>): Observable<string | Uint8Array> {
  let said = false;
  return pieces$.pipe(
    tap((piece) => (said ||= piece.length > 0)),
    catchError((error: unknown) =>
      concat(
        said ? [] : of('\n'),
        throwError(() => error),
      ),
    ),
  );
}

/** Puts a first line before the first piece that says something. */
function startingWith(
  line: string,
  pieces$: Observable<string | Uint8Array>,
): Observable<string | Uint8Array> {
  return pieces$.pipe(
    filter((piece) => piece.length > 0),
    concatMap((piece, n) => (n === 0 ? [line, piece] : [piece])),
  );
}
