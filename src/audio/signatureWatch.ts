import { PipelineError } from '../core/errors.ts';
import type { Machine } from '../core/machine.ts';
import { looksLikeWav, WAV_SIGNATURE_BYTES } from './wavSignature.ts';

/** How files begin that are often sent as if they were samples: name, and the text at a place. */
const SIGNATURES: readonly (readonly [name: string, at: number, text: string])[] = [
  ['Ogg', 0, 'OggS'],
  ['FLAC', 0, 'fLaC'],
  ['MP3', 0, 'ID3'],
  ['WebM or Matroska', 0, '\x1aE\xdf\xa3'],
  ['MP4', 4, 'ftyp'],
  ['AIFF', 0, 'FORM'],
];

/** The kind of file that begins with these twelve bytes, if it is one of the usual ones. */
export function fileKind(head: Uint8Array): string | undefined {
  if (looksLikeWav(head)) return 'WAV';
  const text = String.fromCharCode(...head);
  return SIGNATURES.find(([, at, signature]) => text.startsWith(signature, at))?.[0];
}

/**
 * Creates a machine that passes the bytes of raw samples on and tells, with `SYLSTREAM_ERR_AUDIO_SUSPECT`, when they begin as
 * a file does. It keeps twelve bytes at most.
 */
export function createSignatureWatch(
  onWarning: (warning: PipelineError) => void,
): Machine<Uint8Array, Uint8Array> {
  const head = new Uint8Array(WAV_SIGNATURE_BYTES);
  let filled = 0;

  function look(bytes: Uint8Array): void {
    const taken = bytes.subarray(0, head.length - filled);
    head.set(taken, filled);
    filled += taken.length;
    const kind = filled === head.length ? fileKind(head) : undefined;
    if (kind === undefined) return;
    const message = `expected raw samples, got the bytes of a ${kind} file; decode it first, or leave out its header`;
    onWarning(new PipelineError('SYLSTREAM_ERR_AUDIO_SUSPECT', message));
  }

  return {
    push(bytes) {
      if (filled < head.length) look(bytes);
      return [bytes];
    },
    flush: () => [],
  };
}
