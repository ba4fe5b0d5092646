import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { clientAddress, readClient } from '../../../server/address/clientAddress.ts';
import { readForwarded } from '../../../server/address/forwardedHeaders.ts';
import type { ForwardedStyle } from '../../../server/address/forwardedHeaders.ts';
import { createTrustedProxies, isProxyName } from '../../../server/address/trustedProxies.ts';

/** The part of a request that is looked at. */
function request(
  remoteAddress: string,
  headers: IncomingMessage['headers'] = {},
  encrypted?: boolean,
): IncomingMessage {
  return { socket: { remoteAddress, encrypted }, headers } as unknown as IncomingMessage;
}

const none = createTrustedProxies([]);
const proxies = createTrustedProxies(['10.0.0.0/8', '::1', '192.0.2.7']);

describe('clientAddress', () => {
  it.each([
    ['no header', '127.0.0.1', {}, '127.0.0.1'],
    ['IPv4 in IPv6', '::ffff:127.0.0.1', {}, '127.0.0.1'],
    ['a claim', '127.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, '127.0.0.1'],
    ['a claim by the other standard', '::1', { forwarded: 'for=203.0.113.9' }, '::1'],
  ])('without proxies it is the peer: %s', (_name, peer, headers, address) => {
    expect(clientAddress(request(peer, headers), none)).toBe(address);
  });

  it.each([
    ['one proxy', '10.1.2.3', '203.0.113.9', '203.0.113.9'],
    ['two proxies', '10.1.2.3', '203.0.113.9, 192.0.2.7', '203.0.113.9'],
    ['what the client made up before', '10.1.2.3', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['what the client made up to look trusted', '10.1.2.3', '10.9.9.9, 203.0.113.9', '203.0.113.9'],
    ['proxies alone', '::1', '10.9.9.9', '10.9.9.9'],
    ['a peer that is no proxy', '11.1.2.3', '203.0.113.9', '11.1.2.3'],
    ['a port', '::ffff:10.1.2.3', '203.0.113.9:4711', '203.0.113.9'],
    ['IPv6 with a port', '10.1.2.3', '[2001:db8::1]:4711', '2001:db8::1'],
    ['IPv6 without', '10.1.2.3', '2001:db8::1', '2001:db8::1'],
    ['no address', '10.1.2.3', 'unknown', '10.1.2.3'],
    ['an injection', '10.1.2.3', '203.0.113.9\u0000', '10.1.2.3'],
    ['nothing', '10.1.2.3', ' , ', '10.1.2.3'],
  ])('behind trusted proxies it is the first that is none: %s', (_name, peer, list, address) => {
    expect(clientAddress(request(peer, { 'x-forwarded-for': list }), proxies)).toBe(address);
  });

  it('looks at the headers of one standard only: the other’s come from the client', () => {
    const headers = { 'x-forwarded-for': '203.0.113.1', forwarded: 'for=203.0.113.2' };
    const standard = createTrustedProxies(['loopback'], 'forwarded');
    const custom = createTrustedProxies(['loopback'], 'x-forwarded');
    expect(clientAddress(request('127.0.0.1', headers), standard)).toBe('203.0.113.2');
    expect(clientAddress(request('127.0.0.1', headers), custom)).toBe('203.0.113.1');
  });
});

describe('readClient', () => {
  it('takes host and scheme from trusted proxies, and keeps the header Host', () => {
    const headers = {
      host: '127.0.0.1:8990',
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-host': 'app.example',
      'x-forwarded-proto': 'https',
    };
    expect(readClient(request('10.0.0.1', headers), proxies)).toEqual({
      address: '203.0.113.9',
      peer: '10.0.0.1',
      hosts: ['127.0.0.1:8990', 'app.example'],
      isSecure: true,
      isDisguised: false,
    });
    expect(readClient(request('11.0.0.1', headers), proxies)).toEqual({
      address: '11.0.0.1',
      peer: '11.0.0.1',
      hosts: ['127.0.0.1:8990'],
      isSecure: undefined,
      isDisguised: true,
    });
  });

  it('knows its own TLS', () => {
    expect(readClient(request('11.0.0.1', {}, true), proxies).isSecure).toBe(true);
  });
});

describe('readForwarded', () => {
  const read = (text: string, style: ForwardedStyle = 'forwarded') =>
    readForwarded({ forwarded: text }, style);

  it.each([
    ['for=192.0.2.60;proto=http;by=203.0.113.43', [{ address: '192.0.2.60', proto: 'http' }]],
    ['For="[2001:db8:cafe::17]:4711"', [{ address: '2001:db8:cafe::17' }]],
    [
      'for=192.0.2.43, for=198.51.100.17',
      [{ address: '192.0.2.43' }, { address: '198.51.100.17' }],
    ],
    ['for=_hidden;host="a.example:81"', [{ address: '_hidden', host: 'a.example:81' }]],
    ['proto=HTTPS', [{ address: undefined, proto: 'https' }]],
    ['for="a\\"b"', [{ address: 'a"b' }]],
    ['for="1.2.3.4', []],
    ['for=1.2.3.4 5', []],
    ['', []],
  ])('reads %s', (text, hops) => expect(read(text)).toEqual(hops)); // RFC 7239, section 4 and 6
});

describe('isProxyName', () => {
  it.each(['loopback', '10.0.0.0/8', '::1', 'fd00::/8', '127.0.0.1'])('takes %s', (name) =>
    expect(isProxyName(name)).toBe(true),
  );
  it.each(['', 'nginx', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '1.2.3', '*', '::1/129'])(
    'refuses %j',
    (name) => {
      expect(isProxyName(name)).toBe(false);
      expect(() => createTrustedProxies([name])).toThrow(TypeError);
    },
  );
});
