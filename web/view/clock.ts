/** Seconds as minutes and seconds: `1:05`, with tenths `1:05.0`. */
export function clock(seconds: number, tenths = false): string {
  const digits = tenths ? 1 : 0;
  // Rounded first, so that 59.97 s do not read as 0:60.0.
  const rounded = Number(Math.max(0, seconds).toFixed(digits));
  const minutes = Math.floor(rounded / 60);
  const rest = rounded - 60 * minutes;
  return `${minutes}:${rest.toFixed(digits).padStart(tenths ? 4 : 2, '0')}`;
}
