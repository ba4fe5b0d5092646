import { concat, connect, defer, ignoreElements, map, merge, type Observable, of, tap } from 'rxjs';
import { provisionalLine } from '../formats/jsonl.ts';
import { MAX_PLOT_SAMPLES, type Plot } from '../formats/plot.ts';
import type { UnitFormatter } from '../formats/unitFormatter.ts';
import type { Models } from '../models/loadModels.ts';
import { logMel } from '../operators/logMel.ts';
import { speechUnits, type SpeechUnitsOptions } from '../streams/speechUnits.ts';
import {
  type Control,
  isControl,
  type MelBlock,
  type PcmChunk,
  type SpeechEvent,
  type Unit,
} from '../types.ts';
import { HOP_SAMPLES, MEL_BINS } from '../units.ts';

/** Frames that a picture can show. */
const MAX_FRAMES = MAX_PLOT_SAMPLES / HOP_SAMPLES;

/** What becomes of a recording's units. */
export interface UnitOutputOptions {
  readonly formatter: UnitFormatter;
  /** Name for the lines of the provisional tail. */
  readonly file?: string | undefined;
  readonly units: SpeechUnitsOptions;
  /** Given everything that a picture needs when the recording has ended; also makes the mel spectrogram. */
  readonly onDrawn?: ((drawn: Drawn) => void) | undefined;
}

/** What a recording gives to its picture. */
export type Drawn = Pick<Plot, 'samples' | 'picture' | 'units'>;

/** Turns a recording (16 kHz mono) into what is to be written of it, piece by piece. */
export function unitOutput(
  chunks$: Observable<PcmChunk>,
  models: Models,
  options: UnitOutputOptions,
): Observable<string | Uint8Array> {
  const { formatter, file, onDrawn } = options;
  return defer(() => {
    let samples = 0;
    let begun = false;
    const units: Unit[] = [];
    const blocks: MelBlock[] = [];

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
    const keep = (value: MelBlock | Control): void => {
      if (!isControl(value) && value.firstFrame < MAX_FRAMES) blocks.push(value);
    };
    const counted$ = chunks$.pipe(tap((chunk) => (samples += chunk.samples.length)));
    const events$ = onDrawn
      ? counted$.pipe(
          connect((shared$) =>
            merge(
              shared$.pipe(logMel(), tap(keep), ignoreElements()),
              speechUnits(shared$, models, options.units),
            ),
          ),
        )
      : speechUnits(counted$, models, options.units);
    return concat(
      events$.pipe(map((event) => begin() + format(event))),
      defer(() => {
        onDrawn?.({ samples, units, picture: joined(blocks) });
        return of(begin(), formatter.end(samples));
      }),
    );
  });
}

function joined(blocks: readonly MelBlock[]): Plot['picture'] {
  const frames = blocks.reduce((sum, block) => sum + block.frames, 0);
  const mel = new Float32Array(frames * MEL_BINS);
  for (const block of blocks) mel.set(block.mel, block.firstFrame * MEL_BINS);
  return { frames, mel };
}
