import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createUnitLm } from '../../../src/models/lm/createUnitLm.ts';
import { readBundle } from '../../../src/models/bundle/manifest.ts';
import type { Bundle } from '../../../src/models/bundle/bundle.ts';
import type { ContinuationOptions, UnitLm, UnitLmSession } from '../../../src/models/lm/unitLm.ts';
import type { InferenceThread } from '../../../src/models/inference/threads.ts';
import { TINY } from '../../helpers/bundles.ts';
import { continuation, sessionWith, someUnits } from '../../helpers/lm.ts';

const url = (path: string): string =>
  JSON.stringify(new URL(`../../../${path}`, import.meta.url).href);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs a continuation to its end; how it ended and what came. */
async function toEnd(session: UnitLmSession, options: ContinuationOptions, signal?: AbortSignal) {
  const units = [];
  const running = session.continue(options, signal);
  for (;;) {
    const { done, value } = await running.next();
    if (done) return { reason: value, units };
    units.push(value);
  }
}

describe('a session of the unit language model', () => {
  let bundle: Bundle;
  let lm: UnitLm;
  beforeAll(async () => {
    bundle = await readBundle(TINY);
    lm = await createUnitLm(bundle);
  });
  afterAll(() => lm.close());

  it('gives n hypotheses place by place, as many units as asked, and says that it is done', async () => {
    const { reason, units } = await toEnd(sessionWith(lm, [1, 2, 3]), { n: 3, units: 4 });
    expect(reason).toBe('done');
    const places = units.map(({ hypothesis, place }) => [place, hypothesis]);
    expect(places).toEqual([0, 1, 2, 3].flatMap((place) => [0, 1, 2].map((j) => [place, j])));
    for (const { id, logProbability } of units) {
      expect(id).toBeGreaterThanOrEqual(0);
      expect(id).toBeLessThanOrEqual(4);
      expect(logProbability).toBeLessThan(0);
    }
  });

  it('continues nothing at all: what a recording begins with', async () => {
    expect(await continuation(lm.open(), { units: 3, temperature: 0 })).toHaveLength(3);
  });

  it('takes a run of pauses as one and predicts none after another', async () => {
    const one = await continuation(sessionWith(lm, [1, 2, 0]), {
      units: 30,
      n: 8,
      topP: 1,
      topK: 99,
      temperature: 5,
    });
    const run = await continuation(sessionWith(lm, [1, 2, 0, 0, 0]), {
      units: 30,
      n: 8,
      topP: 1,
      topK: 99,
      temperature: 5,
    });
    expect(run).toEqual(one);
    expect(one.some(({ id }) => id === 0)).toBe(true);
    for (let j = 0; j < 8; j++) {
      const ids = [0, ...one.filter(({ hypothesis }) => hypothesis === j).map(({ id }) => id)];
      ids.slice(1).forEach((id, i) => expect(id === 0 && ids[i] === 0).toBe(false));
    }
  });

  it('goes on to its length, or ends where the model ends it with mayEnd; the boundary id never shows', async () => {
    const options = { n: 16, units: 60, temperature: 10, topP: 1, topK: 99 };
    const session = sessionWith(lm, [1, 2, 3, 4]);
    const whole = await continuation(session, options);
    expect(whole).toHaveLength(16 * 60);
    const short = await continuation(session, { ...options, mayEnd: true });
    expect(short.length).toBeLessThan(16 * 60);
    for (const { id } of [...whole, ...short]) expect(id).toBeLessThan(5);
  });

  it('is as long as seconds say at the pace of the stream', async () => {
    const paced = (samples: number) => {
      const session = lm.open();
      for (let i = 0; i < 200; i++) {
        session.push({ id: 1 + (i % 4), start: samples * i, end: samples * (i + 1) });
      }
      return continuation(session, { seconds: 2, temperature: 0 });
    };
    const [slow, fast] = [await paced(8000), await paced(2000)];
    expect(slow.length).toBeLessThanOrEqual(5); // half a second each
    expect(slow.length).toBeGreaterThanOrEqual(4);
    expect(fast.length).toBeGreaterThanOrEqual(13); // an eighth of a second each
    // Without times: by the bundle's rate, 5.5 units a second.
    expect(
      await continuation(sessionWith(lm, [1, 2]), { seconds: 2, temperature: 0 }),
    ).toHaveLength(11);
    expect(await continuation(sessionWith(lm, [1, 2]), { temperature: 0 })).toHaveLength(6);
    expect(await continuation(sessionWith(lm, [1]), { units: 3, seconds: 2 })).toHaveLength(3);
  });

  it.runIf(process.platform === 'linux')(
    'runs in a thread that is less urgent than the others',
    () => {
      const niceness = readdirSync('/proc/self/task').map((thread) => {
        const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]); // proc(5): field 19
      });
      const usual = Math.min(...niceness);
      expect(niceness.filter((one) => one >= Math.min(19, usual + 10)).length).toBeGreaterThan(0);
      expect(niceness.filter((one) => one === usual).length).toBeGreaterThan(4);
    },
  );

  it.each([
    [{ n: 0 }, 'n must be a whole number from 1 to 16, got 0'],
    [{ n: 1.5 }, 'n must be a whole number from 1 to 16, got 1.5'],
    [{ units: 301 }, 'units must be a whole number from 1 to 300, got 301'],
    [{ seconds: 0 }, 'seconds must be above 0 and at most 120, got 0'],
    [{ seconds: NaN }, 'seconds must be above 0 and at most 120, got NaN'],
    [{ temperature: -1 }, 'temperature must be a number from 0 to 10, got -1'],
    [{ temperature: NaN }, 'temperature must be a number from 0 to 10, got NaN'],
    [{ topK: 0 }, `topK must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}, got 0`],
    [{ topP: 1.1 }, 'topP must be a number from 0 to 1, got 1.1'],
    [{ penalty: 0 }, 'penalty must be a number from 0.1 to 10, got 0'],
    [{ seed: -1 }, `seed must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, got -1`],
  ])('refuses %j at once', (options, message) => {
    expect(() => lm.open().continue(options)).toThrow(new RangeError(message));
  });

  it('refuses a number in quotes at once', () => {
    expect(() => lm.open().continue({ seed: '1' as unknown as number })).toThrow(
      new TypeError('seed must be a number, got string'),
    );
  });

  it.each([-1, 5, 1.5, NaN, Infinity])(
    'refuses the unit %s, in a history and in a score',
    async (id) => {
      expect(() => lm.open().push({ id })).toThrow(
        new RangeError(`a unit's id must be a whole number from 0 to 4, got ${id}`),
      );
      await expect(lm.score([1, id])).rejects.toThrow(
        new RangeError(`units[1] must be a whole number from 0 to 4, got ${id}`),
      );
    },
  );

  it('supersedes what is under way when a unit comes, a pause after a pause too, within one step', async () => {
    const session = sessionWith(lm, [1, 0]);
    const running = session.continue({ units: 300 });
    await running.next();
    session.push({ id: 0 });
    const { steps } = lm.status();
    expect(await running.next()).toEqual({ done: true, value: 'superseded' });
    for (let i = 0; i < 20; i++) await turn();
    expect(lm.status().steps - steps).toBeLessThanOrEqual(1);
    expect((await toEnd(session, { units: 2 })).reason).toBe('done');
  });

  it('cancels within one step: by a signal, by leaving the loop, by closing the session', async () => {
    const before = lm.status().streams;
    const session = sessionWith(lm, [1, 2]);
    const call = new AbortController();
    const running = session.continue({ units: 300, n: 4 }, call.signal);
    await running.next();
    call.abort();
    const { steps } = lm.status();
    expect(await running.next()).toEqual({ done: true, value: 'cancelled' });
    for await (const { place } of session.continue({ units: 300 })) if (place === 2) break;
    for (let i = 0; i < 20; i++) await turn();
    expect(lm.status().steps - steps).toBeLessThanOrEqual(4 + 3 + 1);
    expect(lm.status().streams).toBe(before + 1);

    const last = session.continue({ units: 300 });
    await last.next();
    session.close();
    expect((await last.next()).value).toBe('cancelled');
    expect((await toEnd(sessionWith(lm, [1]), {}, AbortSignal.abort())).reason).toBe('cancelled');
    expect(lm.status().streams).toBe(before + 1); // the one that was opened on the line above
    expect(() => session.push({ id: 1 })).toThrow('the session was closed');
    expect(() => session.continue()).toThrow('the session was closed');
  });

  it('lets several continuations of one history run side by side', async () => {
    const session = sessionWith(lm, someUnits(19, 4));
    const options = Array.from({ length: 6 }, (_, seed) => ({ seed, units: 9, temperature: 2 }));
    const alone = [];
    for (const one of options) alone.push(await continuation(session, one));
    expect(await Promise.all(options.map((one) => continuation(session, one)))).toEqual(alone);
  });

  it('gives its memory back to rest, and continues as if it had not', async () => {
    const ids = someUnits(3000, 4);
    const [still, restless] = [lm.open(), lm.open()];
    const { streams } = lm.status();
    const options = { units: 12, n: 2, temperature: 2 };
    let next = 0;
    for (const count of [3, 5, 1, 8, 40, 1, 7, 700, 9, 2000, 30]) {
      for (const id of ids.slice(next, (next += count))) {
        still.push({ id });
        restless.push({ id });
      }
      const running = restless.continue({ units: 300 });
      await running.next();
      const late = running.next();
      restless.rest();
      expect(await late).toEqual({ done: true, value: 'cancelled' });
      expect(lm.status().streams).toBe(streams - 1);
      still.push({ id: 1 });
      restless.push({ id: 1 }); // while it rests
      expect(await continuation(restless, options)).toEqual(await continuation(still, options));
      expect(lm.status().streams).toBe(streams);
    }
    restless.rest();
    restless.close();
    still.close();
    expect(lm.status().streams).toBe(streams - 2);
  });

  it('keeps no more of a day of units than of a minute', async () => {
    const session = lm.open();
    const ids = someUnits(400_000, 4);
    for (const [i, id] of ids.entries()) {
      session.push({ id });
      if (i % 5000 === 0) await continuation(session, { units: 1 });
    }
    const found = await continuation(session, { units: 20 });
    expect(found).toEqual(await continuation(sessionWith(lm, ids.slice(-4096)), { units: 20 }));
  });
});

describe('a language model that is closed or dies', () => {
  it('changes no bit when its thread is killed in mid-continuation, ten times', async () => {
    const threads: InferenceThread[] = [];
    const lm = await createUnitLm(await readBundle(TINY), {
      onThread: (thread) => threads.push(thread),
    });
    const run = () =>
      Promise.all(
        Array.from({ length: 12 }, async (_, i) => {
          const session = sessionWith(lm, someUnits(60 + i, 4, i));
          const found = await continuation(session, { n: 4, units: 200, temperature: 2, seed: i });
          const { logProbabilities } = await lm.score(someUnits(100, 4, i));
          return { found, logProbabilities };
        }),
      );
    const undisturbed = await run();
    const total = lm.status().steps;
    let running = true;
    const result = run().finally(() => (running = false));
    for (let death = 1; death <= 10 && running; death++) {
      const until = total + (total * death) / 11;
      while (running && lm.status().steps < until) await turn();
      await threads.at(-1)!.kill();
    }
    expect(await result).toEqual(undisturbed);
    expect(lm.status().restarts).toBe(10);
    await lm.close();
  }, 120_000);

  it('rejects what is under way with SYLSTREAM_ERR_CLOSED, and what comes after', async () => {
    const lm = await createUnitLm(await readBundle(TINY));
    const session = sessionWith(lm, someUnits(50, 4));
    const running = continuation(session, { units: 300, n: 8 });
    const score = lm.score(someUnits(500, 4));
    const settled = Promise.allSettled([running, score]);
    await turn();
    await lm.close();
    const closed = { status: 'rejected', reason: { code: 'SYLSTREAM_ERR_CLOSED' } };
    expect(await settled).toMatchObject([closed, closed]);
    await expect(lm.score([1])).rejects.toMatchObject({ code: 'SYLSTREAM_ERR_CLOSED' });
    expect(() => lm.open()).toThrow('the models were closed');
  });

  it('does not take a process down that exits in the middle of a continuation', () => {
    const script = `
      import { readBundle } from ${url('src/models/bundle/manifest.ts')};
      import { createUnitLm } from ${url('src/models/lm/createUnitLm.ts')};
      const lm = await createUnitLm(await readBundle(${JSON.stringify(TINY)}));
      for (let i = 0; i < 16; i++) void (async () => {
        for (;;) for await (const _ of lm.open().continue({ n: 4, units: 300 }));
      })();
      setTimeout(() => process.exit(7), 300);`;
    const { status, stderr } = spawnSync(
      'node',
      ['--import', 'tsx', '--input-type=module', '-e', script],
      { encoding: 'utf8' },
    );
    expect(stderr).not.toContain('terminate called');
    expect(status).toBe(7);
  });

  it('fails its session alone, with SYLSTREAM_ERR_LM, where the weights give no finite numbers', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sylstream-lm-'));
    await cp(TINY, folder, { recursive: true });
    const bundle = await readBundle(folder);
    // Weights of NaN: what a damaged training run would leave behind. The bundle was read, so its hash is past checking.
    const weights = await readFile(join(folder, 'lm/weights.bin'));
    for (let at = 0; at + 4 <= weights.length; at += 4) weights.writeFloatLE(NaN, at);
    await writeFile(join(folder, 'lm/weights.bin'), weights);
    const lm = await createUnitLm(bundle, { precision: 'fp32' });
    const failed = { code: 'SYLSTREAM_ERR_LM', message: expect.stringContaining('not finite') };
    await expect(continuation(sessionWith(lm, [1, 2]))).rejects.toMatchObject(failed);
    await expect(continuation(sessionWith(lm, someUnits(40, 4)))).rejects.toMatchObject(failed);
    await expect(lm.score([1, 2])).rejects.toMatchObject(failed);
    await lm.close();
    await rm(folder, { recursive: true });
  });
});
