import {
  catchError,
  concat,
  connect,
  EMPTY,
  throwError,
  defer,
  ignoreElements,
  map,
  merge,
  type Observable,
  of,
  tap,
} from 'rxjs';
import { createPauseJoiner } from '../segments/pauseJoiner.ts';
import { createPauseWatch } from '../segments/pauseWatch.ts';
import type { PipelineError } from '../core/errors.ts';
import { provisionalLine } from '../formats/jsonl.ts';
import { MAX_PLOT_SAMPLES, type Plot } from '../formats/plot.ts';
import type { UnitFormatter } from '../formats/unitFormatter.ts';
import { logMel } from '../operators/logMel.ts';
import { stateful } from '../operators/stateful.ts';
import type { StreamPool } from '../streams/pool/poolTypes.ts';
import type { SpeechUnitsOptions } from '../streams/speechUnitsOptions.ts';
import {
  type Control,
  isControl,
  type MelBlock,
  type PcmChunk,
  type SpeechEvent,
  type Unit,
} from '../core/types.ts';
import { HOP_SAMPLES, MEL_BINS } from '../core/time.ts';
import { fromOptions } from './usage.ts';

/** Frames that a picture can show. */
const MAX_FRAMES = MAX_PLOT_SAMPLES / HOP_SAMPLES;

/** What becomes of a recording's units. */
export interface UnitOutputOptions {
  readonly formatter: UnitFormatter;
  /** Name for the lines of the provisional tail. */
  readonly file?: string | undefined;
  readonly units: SpeechUnitsOptions;
  /** Told of a recording that gives nothing but pauses. */
  readonly onWarning?: ((warning: PipelineError) => void) | undefined;
  /** Leaves a long silence in the pieces in which it is decided; default: one pause. */
  readonly splitPauses?: boolean | undefined;
  /** Given everything that a picture needs when the recording has ended; also makes the mel spectrogram. */
  readonly onDrawn?: ((drawn: Drawn) => void) | undefined;
}

/** What a recording gives to its picture. */
export type Drawn = Pick<Plot, 'samples' | 'picture' | 'units'>;

/**
 * Turns a recording (16 kHz mono) into what is to be written of it, piece by piece. When the recording breaks off (a cut
 * WAV file, a NaN), what came before is written to its end, the last units decided, and then the error follows: what is
 * printed does not depend on how far the encoder was.
 */
export function unitOutput(
  chunks$: Observable<PcmChunk>,
  pool: Pick<StreamPool, 'speechUnits'>,
  options: UnitOutputOptions,
): Observable<string | Uint8Array> {
  const { formatter, file, onDrawn, onWarning = () => undefined, splitPauses = false } = options;
  return defer(() => {
    let samples = 0;
    let failure: { readonly error: unknown } | undefined;
    const units: Unit[] = [];
    const blocks: MelBlock[] = [];
    let begun = false;
    const pauses = createPauseWatch(onWarning);

    const format = (event: SpeechEvent): string => {
      if (event.type === 'provisional') return provisionalLine(event.from, event.units, file);
      if (event.type !== 'unit') return '';
      if (onDrawn) units.push(event.unit);
      return formatter.unit(event.unit);
    };
    const begin = (): string => {
      const text = begun ? '' : formatter.begin();
      begun = true;
      return text;
    };
    const good$ = chunks$.pipe(
      tap((chunk) => (samples += chunk.samples.length)),
      catchError((error: unknown) => {
        failure = { error };
        return EMPTY;
      }),
    );
    const events$ = onDrawn
      ? good$.pipe(
          connect((shared$) =>
            merge(
              shared$.pipe(logMel(), tap(keepIn(blocks)), ignoreElements()),
              fromOptions(() => pool.speechUnits(shared$, options.units)),
            ),
          ),
        )
      : fromOptions(() => pool.speechUnits(good$, options.units));
    const end = (): Observable<string | Uint8Array> => {
      const broken$ = failure === undefined ? EMPTY : throwError(() => failure?.error);
      if (failure !== undefined && !begun) return broken$;
      pauses.end();
      onDrawn?.({ samples, units, picture: joined(blocks) });
      return concat(of(begin(), formatter.end(samples)), broken$);
    };
    const watched$ = events$.pipe(
      tap((event) => void (event.type === 'unit' && pauses.unit(event.unit))),
    );
    const shown$ = splitPauses ? watched$ : watched$.pipe(stateful(createPauseJoiner));
    return concat(shown$.pipe(map((event) => begin() + format(event))), defer(end));
  });
}

function keepIn(blocks: MelBlock[]): (value: MelBlock | Control) => void {
  return (value) => {
    if (!isControl(value) && value.firstFrame < MAX_FRAMES) blocks.push(value);
  };
}

function joined(blocks: readonly MelBlock[]): Plot['picture'] {
  const frames = blocks.reduce((sum, block) => sum + block.frames, 0);
  const mel = new Float32Array(frames * MEL_BINS);
  for (const block of blocks) mel.set(block.mel, block.firstFrame * MEL_BINS);
  return { frames, mel };
}
