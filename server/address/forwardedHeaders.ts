import type { IncomingHttpHeaders } from 'node:http';

/** What one proxy says of the request that it passed on; nothing of it is true unless that proxy is trusted. */
export interface Hop {
  /** Address of who asked the proxy, without its port; undefined where it is hidden or no address. */
  readonly address: string | undefined;
  /** The `Host` that was asked for. */
  readonly host?: string;
  /** `http` or `https`. */
  readonly proto?: string;
}

/** Which of the two standards a proxy keeps to. */
export type ForwardedStyle = 'x-forwarded' | 'forwarded';

/**
 * Reads `Forwarded` (RFC 7239), or `X-Forwarded-For`, `-Host` and `-Proto`: one hop a proxy, the nearest last. The other
 * style’s headers are not looked at: a proxy that does not write them passes on whatever a client made up.
 */
export function readForwarded(headers: IncomingHttpHeaders, style: ForwardedStyle): Hop[] {
  return style === 'forwarded' ? readStandard(headers) : readCustom(headers);
}

/** The address of a node without port and brackets, IPv4 in IPv6 as IPv4. Not checked to be one. */
export function plainAddress(node: string): string {
  const text = node.trim();
  const bracketed = /^\[([^\]]*)\](?::\w+)?$/.exec(text)?.[1];
  const bare = bracketed ?? (/^[^:]*:[^:]*$/.test(text) ? text.split(':')[0] : text);
  return bare.replace(/^::ffff:(?=\d+\.)/i, '').split('%')[0];
}

/** `host` and `proto` of these have no place in the list: every one that came belongs to the nearest hop. */
function readCustom(headers: IncomingHttpHeaders): Hop[] {
  const addresses = listOf(headers['x-forwarded-for']);
  const hosts = listOf(headers['x-forwarded-host']);
  const protos = listOf(headers['x-forwarded-proto']);
  const count = Math.max(addresses.length, hosts.length, protos.length);
  return Array.from({ length: count }, (_, index) => {
    const back = count - index;
    const address = addresses.at(-back);
    return hop(back <= addresses.length ? address : undefined, hosts.at(-back), protos.at(-back));
  });
}

/** RFC 7239, section 4: elements by commas, pairs by semicolons, values as tokens or quoted. Damage ends the reading. */
function readStandard(headers: IncomingHttpHeaders): Hop[] {
  const text = textOf(headers['forwarded']);
  const hops: Hop[] = [];
  let pairs = new Map<string, string>();
  const pair = /\s*(?:([!#$%&'*+.^`|~\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*)))?\s*(;|,|$)/y;
  while (pair.lastIndex < text.length) {
    const match = pair.exec(text);
    if (match === null) return [];
    const [, name, quoted, token = '', end] = match;
    if (name !== undefined) pairs.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? token);
    if (end === ';') continue;
    hops.push(hop(pairs.get('for'), pairs.get('host'), pairs.get('proto')));
    pairs = new Map();
  }
  return hops;
}

function hop(node: string | undefined, host: string | undefined, proto: string | undefined): Hop {
  return {
    address: node === undefined ? undefined : plainAddress(node),
    ...(host !== undefined && { host }),
    ...(proto !== undefined && { proto: proto.toLowerCase() }),
  };
}

function listOf(header: string | readonly string[] | undefined): string[] {
  return textOf(header)
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean);
}

function textOf(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' ? header : (header ?? []).join(',');
}
