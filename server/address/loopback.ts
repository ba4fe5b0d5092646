import { isIP } from 'node:net';

/** Whether an address is the machine itself (RFC 1122, 127/8; RFC 4291, ::1). */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^::ffff:/, '');
  return (
    address === 'localhost' ||
    address === '::1' ||
    (isIP(address) === 4 && address.startsWith('127.'))
  );
}
