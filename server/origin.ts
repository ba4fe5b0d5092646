/**
 * Whether a page may connect: no `Origin` at all is a program, not a page; the server's own host may, and so may
 * the origins of the list (`scheme://host[:port]`). Everything else, `null` included, may not.
 *
 * @param origin the `Origin` header
 * @param host the `Host` header of the same request
 */
export function originAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined) return true;
  if (allowed.includes(origin)) return true;
  if (host === undefined || !URL.canParse(origin)) return false;
  return new URL(origin).host === host.toLowerCase();
}
