import { catchError, concat, defer, EMPTY, from, mergeMap, of, throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import type { UnitFormatter } from '../formats/unitFormatter.ts';
import { fileFormat } from '../streams/openFile.ts';
import { mergeInOrder } from '../streams/mergeInOrder.ts';
import { rawFormat } from './audioInput.ts';
import { formatterOf, type RecordingContext, recordingPieces } from './recordingPieces.ts';

/**
 * What is to be written of a recording whose channels are told apart: a stream of units for each of them, those of the first
 * channel first. The file is opened once a channel. Where a channel breaks off, all give what they have, then the error
 * follows.
 */
export function channelPieces(
  file: string,
  context: RecordingContext,
): Observable<string | Uint8Array> {
  return defer(() => from(fileFormat(file, { raw: rawFormat(context.options) }))).pipe(
    mergeMap(({ channels }) => allPieces(file, context, channels)),
  );
}

function allPieces(
  file: string,
  context: RecordingContext,
  channels: number,
): Observable<string | Uint8Array> {
  const formatter = formatterOf(context, true);
  let samples = 0;
  let failure: { readonly error: unknown } | undefined;
  let anything = false;

  const one = (number: number): Observable<string | Uint8Array> => {
    const channel: UnitFormatter = {
      begin: () => '',
      unit: (unit) => {
        anything = true;
        return formatter.unit({ channel: number, ...unit });
      },
      end: (length) => {
        samples = Math.max(samples, length);
        return '';
      },
    };
    return recordingPieces(file, { ...context, channel: { number, formatter: channel } }).pipe(
      catchError((error: unknown) => {
        failure ??= { error };
        return EMPTY;
      }),
    );
  };
  const each = Array.from({ length: channels }, (_, n) => one(n + 1));
  let begun = false;
  const begin = (): string => {
    const text = begun ? '' : formatter.begin();
    begun = true;
    return text;
  };
  const end = (): Observable<string | Uint8Array> => {
    const broken$ = failure === undefined ? EMPTY : throwError(() => failure?.error);
    if (failure !== undefined && !anything) return broken$;
    return concat(of(begin(), formatter.end(samples)), broken$);
  };
  return concat(
    mergeInOrder(each, channels).pipe(
      mergeMap((piece) => (piece.length > 0 ? [begin(), piece] : [])),
    ),
    defer(end),
  );
}
