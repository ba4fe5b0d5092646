import { describe, expect, it } from 'vitest';
import { createAuthenticator, hashToken } from '../../../server/admission/auth.ts';
import { isOrigin, originAllowed } from '../../../server/address/origin.ts';

function authenticator(tokens: readonly string[], clock = { now: 0 }) {
  return createAuthenticator({
    hashes: tokens.map(hashToken),
    ticketTtlMs: 1000,
    now: () => clock.now,
  });
}

describe('createAuthenticator', () => {
  it('takes everyone as anonymous when there is no token', () => {
    const auth = authenticator([]);
    expect(auth.required).toBe(false);
    expect(auth.bearer(undefined)).toEqual({ id: 'anonymous' });
  });

  it('knows each of several tokens, under an id that does not hold it', () => {
    const auth = authenticator(['one', 'two']);
    const ids = ['one', 'two'].map((token) => auth.bearer(`Bearer ${token}`)?.id);
    expect(new Set(ids).size).toBe(2);
    expect(ids[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(auth.bearer('bearer  two')?.id).toBe(ids[1]);
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Basic one',
    'Bearer three',
    'Bearer one two',
    'one',
  ])('refuses the header %j', (header) =>
    expect(authenticator(['one']).bearer(header)).toBeUndefined(),
  );

  it('redeems a ticket once, for the credential that got it', () => {
    const auth = authenticator(['one']);
    const credential = auth.bearer('Bearer one')!;
    const ticket = auth.issue(credential);
    expect(ticket).toMatch(/^[\w-]{43}$/);
    expect(auth.redeem(ticket)).toEqual(credential);
    expect(auth.redeem(ticket)).toBeUndefined();
    expect(auth.redeem('unknown')).toBeUndefined();
  });

  it('refuses a ticket at the end of its life, not before', () => {
    const clock = { now: 0 };
    const auth = authenticator(['one'], clock);
    const tickets = [0, 1].map(() => auth.issue({ id: 'x' }));
    clock.now = 999;
    expect(auth.redeem(tickets[0])).toBeDefined();
    clock.now = 1000;
    expect(auth.redeem(tickets[1])).toBeUndefined();
  });

  it('keeps at most 10,000 tickets, the newest', () => {
    const auth = authenticator(['one']);
    const first = auth.issue({ id: 'x' });
    const second = auth.issue({ id: 'x' });
    for (let i = 0; i < 9999; i++) auth.issue({ id: 'x' });
    expect(auth.redeem(first)).toBeUndefined();
    expect(auth.redeem(second)).toBeDefined();
  });
});

describe('originAllowed', () => {
  it.each([
    [undefined, 'here:1', [], true],
    ['http://here:1', 'here:1', [], true],
    ['https://here', 'HERE', [], true],
    ['http://here:1', 'here:2', [], false],
    ['http://evil', 'here', [], false],
    ['http://here.evil', 'here', [], false],
    ['null', 'here', [], false],
    ['', 'here', [], false],
    ['not a url', 'here', [], false],
    ['http://here', undefined, [], false],
    ['https://app.example', 'here', ['https://app.example'], true],
    ['http://app.example', 'here', ['https://app.example'], false],
  ])('%j at host %j with %j → %s', (origin, host, allowed, isAllowed) => {
    const client = { hosts: host === undefined ? [] : [host], isSecure: undefined };
    expect(originAllowed(origin, client, allowed)).toBe(isAllowed);
  });

  it.each([
    ['https://here', 'here', true, true],
    ['http://here', 'here', true, false],
    ['https://here', 'here:443', true, true],
    ['http://here', 'here:443', undefined, false],
    ['http://here', 'here:80', false, true],
  ])('%s at host %s, secure %s → %s', (origin, host, isSecure, isAllowed) => {
    expect(originAllowed(origin, { hosts: [host], isSecure }, [])).toBe(isAllowed);
  });

  it('takes any of the hosts that were asked for: a proxy may have put its own into Host', () => {
    const client = { hosts: ['127.0.0.1:8990', 'app.example'], isSecure: true };
    expect(originAllowed('https://app.example', client, [])).toBe(true);
    expect(originAllowed('https://other.example', client, [])).toBe(false);
  });
});

describe('isOrigin', () => {
  it.each([
    ['https://app.example', true],
    ['http://127.0.0.1:3000', true],
    ['http://[::1]:3000', true],
    ['chrome-extension://abcdefgh', true],
    ['app.example', false],
    ['https://app.example/', false],
    ['https://app.example/page', false],
    ['https://App.example', false],
    ['https://app.example:443', false],
    ['https://user@app.example', false],
    ['https://', false],
    ['null', false],
    ['*', false],
  ])('%s → %s', (text, isOne) => expect(isOrigin(text)).toBe(isOne));
});
