import type { Client } from './clientAddress.ts';

/**
 * Whether a page may connect: no `Origin` at all is a program, not a page; the server's own may, and so may the origins
 * of the list (`scheme://host[:port]`). Everything else, `null` included, may not. The server's own is a host that was
 * asked for; over TLS it is an https one.
 *
 * @param origin the `Origin` header
 * @param client who asks: the hosts of the same request, which the caller has checked
 */
export function originAllowed(
  origin: string | undefined,
  { hosts, isSecure }: Pick<Client, 'hosts' | 'isSecure'>,
  allowed: readonly string[],
): boolean {
  if (origin === undefined) return true;
  if (allowed.includes(origin)) return true;
  if (!URL.canParse(origin)) return false;
  const { host, protocol } = new URL(origin);
  if (isSecure === true && protocol !== 'https:') return false;
  return host !== '' && hosts.some((each) => withoutDefaultPort(each, protocol) === host);
}

/** Whether text is an origin as browsers write it: lower case, no path, no default port. */
export function isOrigin(text: string): boolean {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@\\]+$/.test(text) || !URL.canParse(text)) return false;
  return `${new URL(text).protocol}//${new URL(text).host}` === text;
}

function withoutDefaultPort(host: string, protocol: string): string | undefined {
  const url = `${protocol}//${host}`;
  return URL.canParse(url) ? new URL(url).host : undefined;
}
