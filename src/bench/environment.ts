/** The machine and the software that a run was made on; stored in every result. */
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { packageVersion } from '../base/package-version.js';
import type { Environment } from '../contracts/results.js';
import { readCpuQuota, readGovernor } from './processor-limits.js';

const BYTES_PER_MIB = 1024 * 1024;

/** Reads the environment. The load average is the one of the last minute (0 where the system has none). */
export function captureEnvironment(): Environment {
  const [loadAverage = 0] = loadavg();
  return {
    sprBench: packageVersion(),
    node: process.versions.node,
    openssl: process.versions.openssl,
    platform: `${platform()}-${process.arch}`,
    kernel: release(),
    // Virtual machines and containers do not always tell.
    cpuModel: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(),
    memoryMiB: Math.round(totalmem() / BYTES_PER_MIB),
    loadAverage,
    cpuQuota: readCpuQuota(),
    governor: readGovernor(),
  };
}
