import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAddressBook, networkOf } from '../../server/limits/addressBook.ts';
import { createAdmission } from '../../server/admission/admission.ts';
import { createAllowance } from '../../server/limits/allowance.ts';
import { FlushBook } from '../../server/limits/flushBook.ts';
import { createMemoryBook, type MemoryUser } from '../../server/limits/memoryBook.ts';
import { createRestartWatch } from '../../server/admission/restartWatch.ts';
import { createTokenBucket } from '../../server/limits/tokenBucket.ts';

describe('createTokenBucket', () => {
  it('lets the burst through, then the rate', () => {
    const bucket = createTokenBucket(10, 3, 0);
    expect([0, 0, 0, 0].map((now) => bucket.take(now))).toEqual([true, true, true, false]);
    expect(bucket.waitMs(0)).toBe(100);
    expect(bucket.take(99)).toBe(false);
    expect(bucket.take(100)).toBe(true);
    expect(bucket.isFull(350)).toBe(false);
    expect(bucket.isFull(400)).toBe(true);
  });

  it('lets nothing through until what was owed is there', () => {
    const bucket = createTokenBucket(10, 2, 0);
    for (let i = 0; i < 5; i++) bucket.spend(0);
    expect([bucket.take(0), bucket.waitMs(0)]).toEqual([false, 400]);
    expect([bucket.take(399), bucket.take(400)]).toEqual([false, true]);
  });

  it('never lets more than burst + rate · time through', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 300 }), (steps) => {
        const bucket = createTokenBucket(20, 5, 0);
        let now = 0;
        let taken = 0;
        for (const step of steps) {
          now += step;
          if (bucket.take(now)) taken++;
        }
        expect(taken).toBeLessThanOrEqual(5 + (20 * now) / 1000 + 1e-6);
      }),
      { seed: 3 },
    );
  });
});

describe('createAddressBook', () => {
  it('bounds open sockets of an address, and of no other', () => {
    const book = createAddressBook({ open: 2, perSecond: 100, now: () => 0 });
    expect([book.enter('a'), book.enter('a')]).toEqual([0, 0]);
    expect(book.enter('a')).toBeGreaterThan(0);
    expect(book.enter('b')).toBe(0);
    book.leave('a');
    expect(book.enter('a')).toBe(0);
  });

  it('bounds new sockets a second, and says how long to wait', () => {
    const clock = { now: 0 };
    const book = createAddressBook({ open: 100, perSecond: 2, now: () => clock.now });
    expect([book.enter('a'), book.enter('a')]).toEqual([0, 0]);
    const wait = book.enter('a');
    expect(wait).toBe(500);
    clock.now = wait;
    expect(book.enter('a')).toBe(0);
  });

  it('forgets addresses that are idle', () => {
    const clock = { now: 0 };
    const book = createAddressBook({ open: 1, perSecond: 1, now: () => clock.now });
    for (let i = 0; i < 2000; i++) {
      book.enter(`a${i}`);
      book.leave(`a${i}`);
      clock.now += 1;
    }
    clock.now += 10_000;
    book.enter('last');
    expect(book.size).toBe(1);
  });

  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('counts %s as %s', (address, network) => expect(networkOf(address)).toBe(network));
});

describe('createAdmission', () => {
  const admission = (places: number, hasMemory = true) => {
    const house = createAdmission({ capacity: () => places, hasMemory: () => hasMemory });
    return {
      take(weight: number, isNew = true) {
        const lease = house.take(weight, isNew);
        return typeof lease === 'string' ? undefined : lease;
      },
      get used() {
        return house.used;
      },
      get shortage() {
        return house.shortage;
      },
    };
  };

  it('lets in what fits, and again what was given back once', () => {
    const house = admission(3);
    const leases = [1, 1, 1].map((weight) => house.take(weight));
    expect(house.take(1)).toBeUndefined();
    leases[0]?.release();
    leases[0]?.release();
    expect(house.used).toBe(2);
    expect(house.take(1)).toBeDefined();
    expect(house.take(1)).toBeUndefined();
  });

  it('lets a session that is heavier than the house in when it is alone', () => {
    const house = admission(3);
    const heavy = house.take(8);
    expect(heavy).toBeDefined();
    expect(house.take(1)).toBeUndefined();
    heavy?.release();
    house.take(1);
    expect(house.take(8)).toBeUndefined();
  });

  it('lets nobody new in without memory, and says so; who comes back has its own', () => {
    const house = admission(2, false);
    expect(house.shortage).toBe('memory');
    expect(house.take(1)).toBeUndefined();
    expect(house.take(1, false)).toBeDefined();
    house.take(1, false);
    expect(house.shortage).toBe('capacity');
  });
});

describe('createMemoryBook', () => {
  it('counts sessions and their audio, not what the process once had', () => {
    const clock = { now: 0 };
    const idle = { undecidedSeconds: 0, restingBytes: undefined };
    const sessions: MemoryUser[] = [idle, idle];
    const waiting: MemoryUser[] = [];
    const book = createMemoryBook({
      boundBytes: 1000,
      baseBytes: 400,
      sessionBytes: 200,
      live: () => sessions.length - waiting.length,
      parked: () => waiting.length,
      sessions: () => sessions,
      waiting: () => waiting,
      now: () => clock.now,
    });
    expect([book.usedBytes, book.hasRoom()]).toEqual([800, true]);
    sessions.push({ undecidedSeconds: 1, restingBytes: undefined });
    expect(book.hasRoom()).toBe(false);
    clock.now += 1000;
    expect(book.usedBytes).toBeGreaterThan(200_000);
    sessions.length = 0;
    clock.now += 1000;
    expect([book.usedBytes, book.hasRoom()]).toEqual([400, true]);
    for (const restingBytes of [100, 100, 100]) {
      sessions.push({ undecidedSeconds: 0, restingBytes });
      waiting.push(sessions.at(-1)!);
    }
    expect([book.usedBytes, book.excessBytes() > 0]).toEqual([1000, false]); // not summed anew: as if awake
    clock.now += 1000;
    expect([book.usedBytes, book.hasRoom()]).toEqual([700, true]);
    sessions.push(idle);
    waiting.push(idle);
    expect([book.usedBytes, book.excessBytes() > 0]).toEqual([900, false]); // it will keep little
    waiting[3] = { undecidedSeconds: 0, restingBytes: 1 };
    expect(book.excessBytes()).toBeGreaterThan(0);
  });
});

describe('createAllowance', () => {
  it('starts with the audio ahead and grows with what is processed, no faster than the pace', () => {
    const allowance = createAllowance({ rate: 1000, aheadMs: 4000, pace: 2, start: 100 });
    expect(allowance.limit(0, 100)).toBe(4000);
    expect(allowance.limit(3000, 100)).toBe(4000);
    expect(allowance.limit(3000, 1100)).toBe(6000);
    expect(allowance.limit(3000, 60_000)).toBe(7000);
  });

  it('never takes back what it granted', () => {
    const step = fc.tuple(fc.nat(10_000), fc.integer({ min: -100, max: 1000 }));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const allowance = createAllowance({ rate: 8000, aheadMs: 500, pace: 1.25, start: 0 });
        let last = 0;
        let now = 0;
        for (const [processed, passed] of steps) {
          now += passed;
          const limit = allowance.limit(processed, now);
          expect(limit).toBeGreaterThanOrEqual(last);
          last = limit;
        }
      }),
      { seed: 4 },
    );
  });
});

describe('FlushBook', () => {
  it('counts an id once, remembers 64, and bounds them a second', () => {
    const book = new FlushBook(1, 0);
    expect(book.begin('a', 0)).toBe(true);
    expect([book.has('a'), book.has('b'), book.has(1)]).toEqual([true, false, false]);
    const taken = Array.from({ length: 64 }, (_, i) => book.begin(i, 0));
    expect(taken.filter(Boolean)).toHaveLength(63);
    expect(book.begin(100, 200)).toBe(true);
    expect(book.has('a')).toBe(false);
  });
});

describe('createRestartWatch', () => {
  it('says when three workers died within a minute', () => {
    const watch = createRestartWatch();
    expect(watch.isUnstable(7, 0)).toBe(false);
    expect(watch.isUnstable(9, 1000)).toBe(false);
    expect(watch.isUnstable(10, 59_000)).toBe(true);
    expect(watch.isUnstable(10, 61_001)).toBe(false);
  });
});
