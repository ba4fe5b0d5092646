import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { plainAddress, readForwarded } from './forwardedHeaders.ts';
import type { TrustedProxies } from './trustedProxies.ts';

/** Who asks, and for what: as the trusted proxies say, and as the socket says where there are none. */
export interface Client {
  /** Address of the client: of the nearest machine that is no trusted proxy. */
  readonly address: string;
  /** Address of the socket's other end. */
  readonly peer: string;
  /** Every host that was asked for, with its port: the header `Host`, then those of trusted proxies. */
  readonly hosts: readonly string[];
  /** Whether the client's own connection is TLS; undefined where it may end before us. */
  readonly isSecure: boolean | undefined;
  /** Whether the request has headers of a proxy that is not trusted: then nobody knows who asks. */
  readonly isDisguised: boolean;
}

/** Headers that proxies add, whatever they are told. */
const TRACES = ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'] as const;

/**
 * Reads who a request comes from. The headers of proxies count only as far as every machine between is a trusted one:
 * the list is read from its near end, and the first address that is no proxy's is the client. A proxy that hides its
 * client stands for it.
 */
export function readClient(request: IncomingMessage, proxies: TrustedProxies): Client {
  const peer = plainAddress(request.socket.remoteAddress ?? '');
  const { host } = request.headers;
  const hosts = host === undefined ? [] : [host];
  let address = peer;
  let proto = (request.socket as TLSSocket).encrypted ? 'https' : undefined;
  for (const hop of readForwarded(request.headers, proxies.style).toReversed()) {
    if (!proxies.includes(address)) break;
    if (hop.host !== undefined) hosts.push(hop.host);
    proto = hop.proto ?? proto;
    if (hop.address === undefined || isIP(hop.address) === 0) break;
    address = hop.address;
  }
  return {
    address,
    peer,
    hosts,
    isSecure: proto === undefined ? undefined : proto === 'https',
    isDisguised: !proxies.includes(peer) && TRACES.some((name) => name in request.headers),
  };
}

/** The address of the client: see `readClient()`. */
export function clientAddress(request: IncomingMessage, proxies: TrustedProxies): string {
  return readClient(request, proxies).address;
}
