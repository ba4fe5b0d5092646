import { encodeS16le } from '../src/audio/pcm.ts';
import { wavHeader } from '../src/audio/wavWriter.ts';
import { jsonl } from '../src/formats/jsonl.ts';
import { textGrid } from '../src/formats/textGrid.ts';
import type { LabelOf, StatedProvenance, UnitFormatter } from '../src/formats/unitFormatter.ts';
import { SAMPLE_RATE } from '../src/core/time.ts';
import type { Recording } from './recording.ts';

/** What the page can save. */
export type DownloadKind = 'textgrid' | 'jsonl' | 'wav';

const ENDINGS: Readonly<Record<DownloadKind, string>> = {
  textgrid: 'TextGrid',
  jsonl: 'jsonl',
  wav: 'wav',
};

/** A recording and what its numbers mean. */
export interface Saveable {
  /** Name without ending. */
  readonly name: string;
  readonly recording: Recording;
  /** Undefined before the server has said it: then there is only sound to save. */
  readonly provenance: StatedProvenance | undefined;
  /** What units stand for, where that is known. */
  readonly labelOf: LabelOf | undefined;
}

/** Hands a file to the browser to save, written by the same code as `sylstream tokenize`: a long silence is one pause. */
export function download(kind: DownloadKind, what: Saveable): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(contentOf(kind, what));
  link.download = `${what.name}.${ENDINGS[kind]}`;
  link.click();
  // Browsers have taken the content by the next turn of the loop.
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}

function contentOf(kind: DownloadKind, { recording, provenance, labelOf }: Saveable): Blob {
  if (kind === 'wav' || provenance === undefined) {
    const bytes = encodeS16le(recording.slice(0, recording.samples));
    const header = wavHeader({ sampleRate: SAMPLE_RATE, channels: 1 }, bytes.length);
    return new Blob([header, bytes] as BlobPart[], { type: 'audio/wav' });
  }
  const formatter =
    kind === 'textgrid'
      ? textGrid({ provenance, labelOf })
      : jsonl({ header: provenance, labelOf });
  return new Blob([whole(formatter, recording)], { type: 'text/plain;charset=utf-8' });
}

function whole(formatter: UnitFormatter, recording: Recording): string {
  const lines = recording.shown.map((unit) => formatter.unit(unit));
  return [formatter.begin(), ...lines, formatter.end(recording.samples)].join('');
}
