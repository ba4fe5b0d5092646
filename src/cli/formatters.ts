import { csv } from '../formats/csv.ts';
import { jsonl } from '../formats/jsonl.ts';
import { npy } from '../formats/npy.ts';
import { text } from '../formats/text.ts';
import { textGrid } from '../formats/textGrid.ts';
import type { LabelOf, Provenance, UnitFormatter } from '../formats/unitFormatter.ts';

/** Values of `--format`. */
export const FORMATS = ['jsonl', 'textgrid', 'csv', 'npy', 'text'] as const;

/** One of them. */
export type Format = (typeof FORMATS)[number];

/** File name extensions. */
export const EXTENSIONS: Readonly<Record<Format, string>> = {
  jsonl: '.jsonl',
  textgrid: '.TextGrid',
  csv: '.csv',
  npy: '.npy',
  text: '.txt',
};

/** Formats in which the units of several recordings can follow one another. */
export const LINE_FORMATS: readonly Format[] = ['jsonl', 'csv', 'text'];

/** What a formatter has to know. */
export interface FormatterOptions {
  readonly provenance: Provenance;
  /** Name of the recording, where several share an output. */
  readonly file?: string | undefined;
  /** Writes a header line in JSONL. */
  readonly header?: boolean | undefined;
  /** D of the vectors, 0 for none. */
  readonly vectorWidth: number;
  /** Writes the row of names in CSV. */
  readonly names: boolean;
  /** Leaves a long silence in pieces. */
  readonly splitPauses?: boolean | undefined;
  /** What units stand for, where the bundle knows. */
  readonly labelOf?: LabelOf | undefined;
  /** Channels are told apart. */
  readonly channels?: boolean | undefined;
}

/** Makes the formatter of one recording. */
export function createFormatter(format: Format, options: FormatterOptions): UnitFormatter {
  const { provenance, header = false, vectorWidth, names, channels = false, labelOf } = options;
  const named = options.file === undefined ? {} : { file: options.file };
  switch (format) {
    case 'jsonl':
      return jsonl({ ...named, labelOf, ...(header ? { header: provenance } : {}) });
    case 'csv':
      return csv({ ...named, provenance, names, channels, vectorWidth, labelOf });
    case 'textgrid':
      return textGrid({ provenance, labelOf, splitPauses: options.splitPauses });
    case 'npy':
      return npy({ vectorWidth, channels });
    case 'text':
      return text();
  }
}
