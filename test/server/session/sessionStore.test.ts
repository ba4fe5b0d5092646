import { describe, expect, it } from 'vitest';
import { createAdmission } from '../../../server/admission/admission.ts';
import type { Session } from '../../../server/session/session.ts';
import { createSessionStore } from '../../../server/session/sessionStore.ts';

const CROWD = 20_000;
const BYTES = 100;

describe('a crowd of sessions that wait', () => {
  it('is brought down to what it may keep, the oldest first, with one look at each', () => {
    let looks = 0;
    const gone: number[] = [];
    const waiting = new Set<Session>();
    /** All of a session that the store touches. */
    const sessionOf = (n: number): Session => {
      const session = {
        get restingBytes() {
          looks++;
          return BYTES;
        },
        detach: () => undefined,
        rest: () => undefined,
        release: () => {
          gone.push(n);
          waiting.delete(session);
        },
      } as unknown as Session;
      return session;
    };
    const bound = { bytes: Infinity };
    const store = createSessionStore({
      admission: createAdmission({ capacity: () => 2 * CROWD, hasMemory: () => true }),
      parkedMax: CROWD,
      windowMs: 60_000,
      now: () => 0,
      excessBytes: () =>
        [...waiting].reduce((sum, one) => sum + one.restingBytes!, 0) - bound.bytes,
    });
    for (let n = 0; n < CROWD + 10; n++) {
      const session = sessionOf(n);
      const lease = store.reserve(1);
      if (typeof lease === 'string') throw new Error(`expected room, got none: ${lease}`);
      store.add(session, { credential: { id: 'a' }, weight: 1, lease });
      waiting.add(session);
      store.park(session);
    }
    expect(looks).toBeLessThanOrEqual(10); // its number alone is looked at, but for those that went
    expect([store.parked, store.live, gone]).toEqual([CROWD, 0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]);

    looks = 0;
    bound.bytes = (BYTES * CROWD) / 4;
    store.expire(1);
    expect(store.parked).toBe(CROWD / 4);
    expect(gone).toEqual(Array.from({ length: gone.length }, (_, n) => n));
    expect(looks).toBeLessThanOrEqual(2 * CROWD);
  });
});
