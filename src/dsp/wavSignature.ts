/** Bytes that `looksLikeWav` needs. */
export const WAV_SIGNATURE_BYTES = 12;

/** Whether something that begins with these bytes is a WAV file: RIFF or RF64, a size, WAVE. */
export function looksLikeWav(head: Uint8Array): boolean {
  const text = String.fromCharCode(...head.subarray(0, WAV_SIGNATURE_BYTES));
  return /^(?:RIFF|RF64)[^]{4}WAVE$/u.test(text);
}
