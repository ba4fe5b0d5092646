import { catchError, EMPTY, type Observable } from 'rxjs';
import { mergeInOrder } from '../streams/mergeInOrder.ts';
import { EXIT, type ExitCode, exitCodeFor } from './exitCodes.ts';
import { limitParallel } from './openFiles.ts';
import { reportError } from './report.ts';

/** The recordings of a command line, and how they fared. */
export interface Recordings<T> {
  /** What comes of them, in the order of the command line. */
  readonly results$: Observable<T>;
  /** The exit status so far: that of the first recording that failed, in the order of the command line. */
  status(): ExitCode;
  /** Whether one has not failed so far. */
  anySound(): boolean;
}

/**
 * Works through recordings, several at once, as far as there are file handles. One that fails is told on standard error, and the others go on.
 *
 * @param one what is made of a recording, the nth
 */
export function eachRecording<T>(
  files: readonly string[],
  options: { readonly parallel: number; readonly verbose?: boolean },
  one: (file: string, n: number) => Observable<T>,
): Recordings<T> {
  const { parallel, note } = limitParallel(options.parallel, files.length);
  if (note !== undefined) process.stderr.write(`${note}\n`);
  const failures = files.map((): ExitCode => EXIT.ok);
  const recordings = files.map((file, n) =>
    one(file, n).pipe(
      catchError((error: unknown) => {
        reportError(error, options.verbose === true, file);
        failures[n] = exitCodeFor(error);
        return EMPTY;
      }),
    ),
  );
  return {
    results$: mergeInOrder(recordings, parallel),
    status: () => failures.find((code) => code !== EXIT.ok) ?? EXIT.ok,
    anySound: () => failures.includes(EXIT.ok),
  };
}
