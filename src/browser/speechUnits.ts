import type { Observable } from 'rxjs';
import { between, checkNumber } from '../core/check.ts';
import type { Continuation, Control, PcmChunk, SpeechEvent } from '../core/types.ts';
import type { ContinuationOptions } from '../models/lm/unitLm.ts';
import { checkContinueOptions, type ContinuationRequest } from '../operators/continueUnits.ts';
import { heldBack } from '../streams/heldBack.ts';
import type { SpeechUnitsOptions } from '../streams/speechUnitsOptions.ts';
import type { BrowserModels } from './loadModels.ts';

/** When continuations begin, and how they are drawn: as the options of `continueUnits()`. */
export interface ContinueOptions extends ContinuationOptions {
  /** After every final `unit` (default), every `flush`, or for every `request` of `requests$`. */
  readonly on?: 'unit' | 'flush' | 'request' | undefined;
  readonly requests$?: Observable<ContinuationRequest> | undefined;
}

/** Options of the browser's `speechUnits()`. */
export interface BrowserUnitsOptions extends Omit<SpeechUnitsOptions, 'lanes'> {
  /** Also what comes next, from models that were loaded with `lm: true`; default: nothing. */
  readonly continuations?: ContinueOptions | undefined;
  /**
   * How far the worker may be behind the audio, in milliseconds: 1,000 or more, `Infinity` allowed; default 10,000. Beyond that
   * the stream fails with `SYLSTREAM_ERR_OVERRUN`, instead of a lag that grows. Sources that are read on demand wait by themselves.
   */
  readonly maxBehindMs?: number | undefined;
}

const MAX_BEHIND_MS = 10_000;

/**
 * The whole pipeline in the models' worker: speech in chunks of any size → syllable units while the person is still speaking.
 * What goes in and comes out is what `speechUnits()` of `sylstream` takes and gives, and the machines behind it are the same.
 *
 * Errors: as there; `RangeError` for a rate outside of the bundle's range comes in the error channel too. Throws `TypeError` or
 * `RangeError` at once for other misuse.
 *
 * @example
 * speechUnits(fromBlob(file), models).subscribe((event) => {
 *   if (event.type === 'unit') console.log(event.unit.id, event.unit.start / 16_000);
 * });
 */
export function speechUnits(
  chunks$: Observable<PcmChunk | Control>,
  models: BrowserModels,
  options: BrowserUnitsOptions = {},
): Observable<SpeechEvent | Continuation> {
  const { continuations, maxBehindMs = MAX_BEHIND_MS, ...own } = options;
  checkNumber('maxBehindMs', maxBehindMs, between(1_000));
  const { on = 'unit', requests$, ...drawing } = continuations ?? {};
  const continuing = continuations && { ...drawing, on };
  if (continuing) checkContinueOptions({ ...continuing, requests$ });
  return heldBack<SpeechEvent | Continuation>(chunks$, own, (held$, { onProgress, ...all }) =>
    models.link.run({
      chunks$: held$,
      options: all,
      continuing,
      requests$,
      onProgress,
      maxBehindMs,
    }),
  );
}
