import { describe, expect, it } from 'vitest';
import { createAuthenticator, hashToken } from '../../server/auth.ts';
import { originAllowed } from '../../server/origin.ts';

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
    expect(originAllowed(origin, host, allowed)).toBe(isAllowed);
  });
});
