import { describe, expect, it } from 'vitest';
import { createDoor } from '../../../server/admission/door.ts';
import { createLogLimiter } from '../../../server/observe/logLimiter.ts';

/** A door with its guests by name; those that were cut, in order. */
function door(perAddress: number, total: number) {
  const cut: string[] = [];
  const house = createDoor<{ readonly name: string; destroy(): void }>({
    perAddress,
    total,
    onCut: (reason, address) => cut.push(`${reason} of ${address}`),
  });
  const guest = (name: string) => ({ name, destroy: () => void cut.push(name) });
  return { house, guest, cut };
}

describe('createDoor', () => {
  it('cuts the oldest of an address over its bound, and never the newest', () => {
    const { house, guest, cut } = door(2, 10);
    for (const name of ['a1', 'a2', 'a3']) house.enter(guest(name), '10.0.0.1');
    house.enter(guest('b1'), '10.0.0.2');
    expect(cut).toEqual(['address of 10.0.0.1', 'a1']);
    expect(house.waiting).toBe(3);
  });

  it('forgets who said hello, and cuts who was refused first', () => {
    const { house, guest, cut } = door(2, 10);
    const [first, second] = [guest('a1'), guest('a2')];
    house.enter(first, '10.0.0.1');
    house.enter(second, '10.0.0.1');
    house.refuse(second);
    expect(house.refusedOf('10.0.0.1')).toBe(1);
    house.enter(guest('a3'), '10.0.0.1');
    expect(cut.at(-1)).toBe('a2');
    house.leave(first);
    house.leave(first);
    house.refuse(first);
    house.enter(guest('a4'), '10.0.0.1');
    expect([cut.length, house.waiting]).toEqual([2, 2]);
  });

  it('cuts the oldest of the address that has most, over the bound in all', () => {
    const { house, guest, cut } = door(5, 6);
    house.enter(guest('b1'), '10.0.0.2');
    for (const name of ['a1', 'a2', 'a3']) house.enter(guest(name), '10.0.0.1');
    for (const name of ['x1', 'x2', 'x3', 'x4', 'x5', 'x6']) house.enter(guest(name), undefined);
    expect(house.waiting).toBe(6);
    expect(cut.filter((each) => each.length === 2)).toEqual(['a1', 'x1', 'x2', 'x3']);
  });

  it('counts a connection for the client that it turns out to be', () => {
    const { house, guest, cut } = door(1, 10);
    const [first, second] = [guest('p1'), guest('p2')];
    house.enter(first, undefined); // of a proxy
    house.enter(second, undefined);
    house.enter(first, '2001:db8::1');
    expect(cut).toEqual([]);
    house.enter(second, '2001:db8::2'); // the same network
    expect(cut).toEqual(['address of 2001:db8::1', 'p1']);
    expect(house.waiting).toBe(1);
  });
});

describe('createLogLimiter', () => {
  it('lets so many lines of a kind through in a time, then says how many it left out', () => {
    const clock = { now: 0 };
    const limiter = createLogLimiter({ lines: 2, perMs: 1000, now: () => clock.now });
    const written: string[] = [];
    const say = (kind: string): void =>
      limiter.write(kind, (omitted) => written.push(`${kind} ${omitted}`));
    for (let i = 0; i < 5; i++) say('a');
    say('b');
    clock.now = 1000;
    say('a');
    expect(written).toEqual(['a 0', 'a 0', 'b 0', 'a 3']);
  });
});
