/** Bytes that `wavForm` needs. */
export const WAV_SIGNATURE_BYTES = 12;

/** What the first bytes of a WAV file say of all that follows. */
export interface WavForm {
  /** Numbers and samples have their least byte first; RIFX has it last. */
  readonly littleEndian: boolean;
  /** Sizes of 64 bits stand in a chunk `ds64`: RF64 and BW64 (EBU Tech 3306; ITU-R BS.2088). */
  readonly wide: boolean;
}

/** The form of something that begins with these bytes, if it is a WAV file: RIFF, RIFX, RF64 or BW64, a size, WAVE. */
export function wavForm(head: Uint8Array): WavForm | undefined {
  const text = String.fromCharCode(...head.subarray(0, WAV_SIGNATURE_BYTES));
  const name = /^(RIFF|RIFX|RF64|BW64)[^]{4}WAVE$/u.exec(text)?.[1];
  if (name === undefined) return undefined;
  return { littleEndian: name !== 'RIFX', wide: name === 'RF64' || name === 'BW64' };
}

/** Whether something that begins with these bytes is a WAV file. */
export function looksLikeWav(head: Uint8Array): boolean {
  return wavForm(head) !== undefined;
}
