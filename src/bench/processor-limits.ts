/** What keeps a process from the processors that the machine has: a quota of its control group, a frequency governor. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const CGROUP_ROOT = '/sys/fs/cgroup';
const GOVERNOR = '/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor';

/**
 * Processors that the control group may use at a time, for example 1.5; null without a quota, or where the system has no
 * control groups. The tightest of all groups from the process up to the root counts.
 */
export function readCpuQuota(): number | null {
  const path = /^0::(\/.*)$/m.exec(readOrEmpty('/proc/self/cgroup'))?.[1] ?? '/';
  const quotas = foldersUpFrom(path).flatMap((folder) => {
    const quota = parseCpuMax(readOrEmpty(join(CGROUP_ROOT, folder, 'cpu.max')));
    return quota === null ? [] : [quota];
  });
  const version1 = parseCfsQuota(
    readOrEmpty(join(CGROUP_ROOT, 'cpu/cpu.cfs_quota_us')),
    readOrEmpty(join(CGROUP_ROOT, 'cpu/cpu.cfs_period_us')),
  );
  const all = version1 === null ? quotas : [...quotas, version1];
  return all.length === 0 ? null : Math.min(...all);
}

/** For example `performance`; null where the frequency is not the system's to choose, as in most virtual machines. */
export function readGovernor(): string | null {
  return readOrEmpty(GOVERNOR).trim() || null;
}

/** `cpu.max` of version 2: quota, or `max`, and period, both in us. */
export function parseCpuMax(text: string): number | null {
  const match = /^(\d+) (\d+)\s*$/.exec(text);
  return match === null ? null : quotient(Number(match[1]), Number(match[2]));
}

/** The two files of version 1; a quota of -1 is none. */
export function parseCfsQuota(quota: string, period: string): number | null {
  if (!/^\d+\s*$/.test(quota) || !/^\d+\s*$/.test(period)) return null;
  return quotient(Number(quota), Number(period));
}

function quotient(quotaUs: number, periodUs: number): number | null {
  return quotaUs > 0 && periodUs > 0 ? quotaUs / periodUs : null;
}

/** `/a/b`, `/a`, `/`. */
function foldersUpFrom(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '..');
  return names.map((_, index) => `/${names.slice(0, names.length - index).join('/')}`).concat('/');
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
