import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { captureEnvironment } from '../../src/bench/environment.js';
import { environmentSchema } from '../../src/contracts/results.js';

const packageJson = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

describe('captureEnvironment', () => {
  it('fills in what the result files ask for', () => {
    const environment = captureEnvironment();

    expect(environmentSchema.parse(environment)).toEqual(environment);
    expect(environment.sprBench).toBe(packageJson.version);
    expect(environment.node).toBe(process.versions.node);
    expect(environment.openssl).toBe(process.versions.openssl);
    expect(environment.platform).toBe(`${process.platform}-${process.arch}`);
    expect(environment.cores).toBeGreaterThan(0);
    expect(environment.memoryMiB).toBeGreaterThan(0);
    expect(environment.cpuModel).not.toBe('');
  });
});
