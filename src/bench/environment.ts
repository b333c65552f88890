/** The machine and the software that a run was made on; stored in every result. */
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { z } from 'zod';
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

/** The version in `package.json`, which the package finds by its own name from `src` and from `dist/src` alike. */
export function packageVersion(): string {
  const require = createRequire(import.meta.url);
  return z.object({ version: z.string() }).parse(require('spr-bench/package.json')).version;
}
