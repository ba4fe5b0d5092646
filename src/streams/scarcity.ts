/** What the system says when it has no file handle, process or memory left. */
const SCARCE = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM']);

/** What to do about an error of the system that more room would cure; undefined for others. */
export function scarcityAdvice(error: unknown): string | undefined {
  if (!SCARCE.has(String((error as NodeJS.ErrnoException | undefined)?.code))) return undefined;
  return 'read fewer recordings at the same time (--parallel), or allow more open files and processes (ulimit -n, ulimit -u)';
}
