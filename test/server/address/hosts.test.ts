import { describe, expect, it } from 'vitest';
import { createHostCheck, isHostName } from '../../../server/address/hosts.ts';

describe('createHostCheck', () => {
  it.each([
    ['localhost', true],
    ['LOCALHOST:8990', true],
    ['localhost.', true],
    ['app.localhost', true],
    ['127.0.0.1:8990', true],
    ['127.9.9.9', true],
    ['[::1]:8990', true],
    ['app.example', true],
    ['app.example:443', true],
    ['a.b.example', true],
    ['b.example', false],
    ['evilb.example', false],
    ['evil', false],
    ['localhost.evil', false],
    ['127.0.0.1.evil', false],
    ['10.0.0.1', false],
    ['evil@localhost', false],
    ['localhost/evil', false],
    ['localhost:evil', false],
    ['', false],
  ])('of a server on loopback: %j → %s', (host, isOurs) => {
    expect(createHostCheck('127.0.0.1', ['app.example', '*.b.example'])(host)).toBe(isOurs);
  });

  it('of a server that others reach takes every address, and its own name', () => {
    const check = createHostCheck('speech.example', []);
    expect(['10.0.0.1:80', '[2001:db8::1]', 'speech.example', 'localhost'].every(check)).toBe(true);
    expect(check('evil')).toBe(false);
  });

  it('takes any name where the list says so', () => {
    expect(createHostCheck('127.0.0.1', ['*'])('evil')).toBe(true);
  });
});

describe('isHostName', () => {
  it.each(['app.example', '*.example', '*', 'my_host', 'x', '::1', '10.0.0.1'])(
    'takes %s',
    (text) => expect(isHostName(text)).toBe(true),
  );
  it.each(['', 'https://app.example', 'app.example:80', 'a/b', 'a b', '*x', '.example'])(
    'refuses %j',
    (text) => expect(isHostName(text)).toBe(false),
  );
});
