import { writeFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { concat, defer, ignoreElements, type Observable } from 'rxjs';
import { type Plot, plotSvg } from '../formats/plot.ts';
import { plotPng } from '../formats/plotPng.ts';
import { plotHtml } from '../formats/plotHtml.ts';
import type { LabelOf, Provenance, UnitFormatter } from '../formats/unitFormatter.ts';
import { createGate } from '../streams/gate.ts';
import { aheadMsFor } from '../streams/laneLength.ts';
import type { StreamPool } from '../streams/pool/poolTypes.ts';
import { EACH, openAudio } from './audioInput.ts';
import { createFormatter } from './formatters.ts';
import { writeFailed } from './output.ts';
import { reportWarning } from './report.ts';
import type { TokenizeOptions } from './tokenizeOptions.ts';
import { type Drawn, unitOutput } from './unitOutput.ts';

/** What one recording needs beside the options. */
export interface RecordingContext {
  readonly options: TokenizeOptions;
  /** Where the units come from. */
  readonly pool: StreamPool;
  /** Places of it that are encoded at the same time. */
  readonly lanes: number;
  readonly provenance: Provenance;
  /** What units stand for, where the bundle knows. */
  readonly labelOf?: LabelOf | undefined;
  /** Name on every line, where several recordings share an output. */
  readonly name: string | undefined;
  /** Writes the row of names in CSV. */
  readonly names: boolean;
  /** One of several channels: its number, and what writes all of them. */
  readonly channel?: { readonly number: number; readonly formatter: UnitFormatter } | undefined;
  /** Told how many samples are encoded. */
  readonly onProgress: (sample: number) => void;
}

/** What is to be written of one recording, piece by piece; its picture is written on the way, at the end. */
export function recordingPieces(
  file: string,
  context: RecordingContext,
): Observable<string | Uint8Array> {
  const { options, pool, lanes, provenance, labelOf, name, onProgress } = context;
  return defer(() => {
    const gate = createGate({ aheadMs: aheadMsFor(lanes) });
    const { rate, maxDelay: maxDelayMs, features, partials, realtime } = options;
    const { splitPauses } = options;
    let drawn: Drawn | undefined;
    const chosen = context.channel?.number ?? (options.channel === EACH ? 1 : options.channel);
    const input = { ...options, channel: chosen };
    const about = context.channel === undefined ? file : `${file}, channel ${chosen}`;
    const pieces$ = unitOutput(openAudio(file, input, { gate, realtime }), pool, {
      formatter: context.channel?.formatter ?? formatterOf(context),
      file: name,
      onWarning: (warning) => reportWarning(warning, about),
      splitPauses,
      units: {
        rate,
        maxDelayMs,
        features,
        partials,
        lanes,
        onProgress: (sample) => {
          gate.processed(sample);
          onProgress(sample);
        },
      },
      onDrawn: options.plot === undefined ? undefined : (all) => (drawn = all),
    });
    const draw = async (): Promise<void> => {
      if (options.plot === undefined || drawn === undefined) return;
      await writePlot(options.plot, { ...drawn, title: basename(file), provenance, labelOf });
    };
    return concat(pieces$, defer(draw).pipe(ignoreElements()));
  });
}

/** The formatter of one recording; with `channels` that of all its channels. */
export function formatterOf(context: RecordingContext, channels = false): UnitFormatter {
  const { options, pool, provenance, labelOf, name, names } = context;
  const { format, header, features, splitPauses } = options;
  const vectorWidth = features ? pool.bundle.config.encoder.featureWidth : 0;
  const file = name;
  return createFormatter(format, {
    provenance,
    labelOf,
    file,
    header,
    vectorWidth,
    names,
    channels,
    splitPauses,
  });
}

/** How a picture is drawn, by what its file ends in; any other is a page. */
const DRAWERS: Readonly<Record<string, (plot: Plot) => string | Uint8Array>> = {
  '.svg': plotSvg,
  '.png': plotPng,
};

async function writePlot(path: string, plot: Plot): Promise<void> {
  const draw = DRAWERS[extname(path).toLowerCase()] ?? plotHtml;
  try {
    await writeFile(path, draw(plot));
  } catch (error) {
    throw writeFailed(path, error);
  }
}
