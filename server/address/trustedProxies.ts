import { BlockList, isIP } from 'node:net';
import { plainAddress } from './forwardedHeaders.ts';
import type { ForwardedStyle } from './forwardedHeaders.ts';

/** The proxies whose word about a request counts. */
export interface TrustedProxies {
  /** How they say it. */
  readonly style: ForwardedStyle;
  /** Whether an address is one of them. */
  includes(address: string): boolean;
}

/** The machine itself (RFC 1122, 127/8; RFC 4291, ::1). */
const LOOPBACK = ['127.0.0.0/8', '::1'];

/** Whether text names proxies: an address, a network as `10.0.0.0/8`, or `loopback`. */
export function isProxyName(name: string): boolean {
  if (name === 'loopback') return true;
  const [address, bits, ...rest] = name.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
  );
}

/** Makes the list of `trustProxy`; throws `TypeError` for what names no proxy. */
export function createTrustedProxies(
  names: readonly string[],
  style: ForwardedStyle = 'x-forwarded',
): TrustedProxies {
  const list = new BlockList();
  for (const name of names.flatMap((each) => (each === 'loopback' ? LOOPBACK : [each]))) {
    if (!isProxyName(name)) {
      throw new TypeError(`trustProxy takes addresses, networks and loopback, got ${name}`);
    }
    const [address, bits] = name.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return {
    style,
    includes(address) {
      const plain = plainAddress(address);
      const family = isIP(plain);
      return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
    },
  };
}
