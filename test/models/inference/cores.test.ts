import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { availableCores, cpuQuota } from '../../../src/models/inference/cores.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'cgroup-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Lays out what the kernel would show, and says where. */
function places(files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${text}\n`);
  }
  return { membership: join(folder, 'self'), root: folder };
}

describe('cpuQuota', () => {
  it.each([
    ['version 2, a container', { self: '0::/', 'cpu.max': '150000 100000' }, 1.5],
    ['version 2, without a bound', { self: '0::/a', 'a/cpu.max': 'max 100000' }, undefined],
    [
      'version 2, the tighter one lies above',
      { self: '0::/pod/c', 'pod/cpu.max': '50000 100000', 'pod/c/cpu.max': '200000 100000' },
      0.5,
    ],
    [
      'version 1',
      {
        self: '4:cpu,cpuacct:/docker/x\n3:memory:/docker/x',
        'cpu,cpuacct/docker/x/cpu.cfs_quota_us': '250000',
        'cpu,cpuacct/docker/x/cpu.cfs_period_us': '100000',
      },
      2.5,
    ],
    [
      'version 1, the group of a container as its root',
      {
        self: '4:cpu,cpuacct:/docker/x',
        'cpu/cpu.cfs_quota_us': '100000',
        'cpu/cpu.cfs_period_us': '100000',
      },
      1,
    ],
    [
      'version 1, without a bound',
      { self: '4:cpu:/', 'cpu/cpu.cfs_quota_us': '-1', 'cpu/cpu.cfs_period_us': '100000' },
      undefined,
    ],
    ['no control groups', {}, undefined],
    ['words that are none', { self: '0::/', 'cpu.max': 'many' }, undefined],
  ])('%s', (_, files, quota) => expect(cpuQuota(places(files))).toBe(quota));
});

describe('availableCores', () => {
  it('is the quota where there is less of it than the machine has, and never nothing', () => {
    const quota = (text: string) => availableCores(places({ self: '0::/', 'cpu.max': text }));
    expect(quota('50000 100000')).toBe(0.5);
    expect(quota('1 100000')).toBe(0.1);
    expect(quota('max 100000')).toBe(availableParallelism());
    expect(quota('99900000 100000')).toBe(availableParallelism());
  });
});
