import { PipelineError } from '../core/errors.ts';

/** Data sizes that writers to a pipe put because they cannot know better: ffmpeg and ours, SoX, arecord (two). */
const UNKNOWN_SIZES: readonly number[] = [0xffff_ffff, 0x7fff_f000, 0x7fff_ffff, 0x8000_0000];
/** What a size of 32 bits says in RF64 and BW64: look into `ds64`. */
const IN_DS64 = 0xffff_ffff;
/**
 * A data size that is this much too large, or by no more than all that stands before the data, was counted wrongly (the
 * header counted in, a sector rounded up); one that is larger still was cut off.
 */
const MISCOUNT_BYTES = 512;
/** Bytes of the `ds64` chunk that matter: the sizes of the file and of the data (EBU Tech 3306). */
export const DS64_BYTES = 16;

/** What a file's header says of its length. */
export interface WavSizes {
  /** RF64 or BW64. */
  readonly wide: boolean;
  /** One past the file's last byte, by its first chunk. */
  readonly riffEnd: number;
  /** Bytes of samples by `ds64`; 0 for none. */
  readonly wideData: number;
}

/**
 * Bytes of samples by the data chunk's `size`, of which `at` bytes came before them: Infinity where the size is not
 * known, undefined for a size of 0 in a file that claims to go on, where only what follows can tell.
 */
export function promisedBytes(size: number, sizes: WavSizes, at: number): number | undefined {
  if (sizes.wide && size === IN_DS64) return sizes.wideData > 0 ? sizes.wideData : Infinity;
  if (UNKNOWN_SIZES.includes(size)) return Infinity;
  if (size > 0) return size;
  return sizes.riffEnd <= at ? Infinity : undefined;
}

/** Whether eight bytes look like a chunk's head that fits into what the file still has; sound hardly ever does. */
export function looksLikeChunk(name: string, size: number, left: number): boolean {
  return /^[ -~]{4}$/u.test(name) && size <= left;
}

/** Whether a data size that the file falls short of was miscounted rather than cut off. */
export function isMiscounted(promised: number, came: number, before: number): boolean {
  return came > 0 && promised - came <= Math.max(MISCOUNT_BYTES, before);
}

/** Whether bytes behind the samples are too many for padding. */
export function isMoreThanPadding(bytes: number): boolean {
  return bytes > MISCOUNT_BYTES;
}

/** The warning for a size that is not the file's. */
export function sizeWarning(got: string): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_WAV_SIZE',
    `expected the size of the samples in the header, got ${got}; check that the recording is whole`,
  );
}
