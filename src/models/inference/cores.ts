import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** Where the kernel tells of control groups; another folder only in tests. */
export interface CgroupPlaces {
  /** Default `/proc/self/cgroup`. */
  readonly membership?: string;
  /** Default `/sys/fs/cgroup`. */
  readonly root?: string;
}

/**
 * Cores that the process may keep busy, at least a tenth: the machine's, or the CPU quota of its control group where that is
 * less (`docker run --cpus 1.5`, a Kubernetes limit). Fractions are left as they are.
 */
export function availableCores(places: CgroupPlaces = {}): number {
  return Math.max(0.1, Math.min(availableParallelism(), cpuQuota(places) ?? Infinity));
}

/**
 * The smallest CPU quota, in cores, of the process's control group and of those above it; undefined without one. Version 2:
 * `cpu.max`, "quota period" or "max period"; version 1: `cpu.cfs_quota_us`, −1 for none, over `cpu.cfs_period_us`
 * (kernel: admin-guide/cgroup-v2, scheduler/sched-bwc).
 */
export function cpuQuota(places: CgroupPlaces = {}): number | undefined {
  const { membership = '/proc/self/cgroup', root = '/sys/fs/cgroup' } = places;
  const quotas: number[] = [];
  for (const line of read(membership)?.trim().split('\n') ?? []) {
    const [, controllers = '', path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const names = controllers.split(',');
    if (controllers === '') quotas.push(...upwards(path, (group) => quotaV2(join(root, group))));
    else if (names.includes('cpu')) {
      // A container sees its own group as the root, whatever its path outside.
      const folders = [join(root, controllers), join(root, 'cpu')];
      for (const folder of folders) {
        quotas.push(...upwards(path, (group) => quotaV1(join(folder, group))));
      }
    }
  }
  return quotas.length === 0 ? undefined : Math.min(...quotas);
}

/** What is found in a group and in each above it, up to the root. */
function upwards(path: string, quotaOf: (group: string) => number | undefined): number[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  const groups = Array.from({ length: parts.length + 1 }, (_, n) => parts.slice(0, n).join('/'));
  return groups.map(quotaOf).filter((quota) => quota !== undefined);
}

function quotaV2(folder: string): number | undefined {
  const [quota, period] = read(join(folder, 'cpu.max'))?.trim().split(' ') ?? [];
  return ratio(quota, period);
}

function quotaV1(folder: string): number | undefined {
  return ratio(
    read(join(folder, 'cpu.cfs_quota_us'))?.trim(),
    read(join(folder, 'cpu.cfs_period_us'))?.trim(),
  );
}

function ratio(quota: string | undefined, period: string | undefined): number | undefined {
  const cores = Number(quota) / Number(period); // "max" is NaN
  return cores > 0 && Number.isFinite(cores) ? cores : undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // no control groups, or not this version of them
  }
}
