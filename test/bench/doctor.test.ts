import { describe, expect, it } from 'vitest';
import {
  diagnose,
  diagnoseHost,
  type Finding,
  type Host,
  parsePortRange,
  probeHost,
  renderDoctor,
} from '../../src/bench/doctor.js';

const goodHost: Host = {
  cores: 4,
  loadAverage: 0.2,
  openFiles: { soft: 8192, hard: 524_288 },
  ephemeralPorts: { low: 32_768, high: 60_999 },
  loopbackError: undefined,
  node: '20.19.0',
  openssl: '3.0.15',
  clockStepNs: 40,
  cpuQuota: null,
  governor: null,
  timing: { timerMs: 1.1, pauseMs: 0.3 },
  tools: ['wrk', 'curl', 'openssl', 'chromium'],
};

function judge(topic: string, change: Partial<Host>): Finding {
  const finding = diagnoseHost({ ...goodHost, ...change }).find((each) => each.topic === topic);
  if (finding === undefined) throw new Error(`no finding about ${topic}`);
  return finding;
}

describe('diagnoseHost', () => {
  it('has nothing to say about a good host', () => {
    const findings = diagnoseHost(goodHost);

    expect(findings.map(({ status }) => status)).toEqual(findings.map(() => 'ok'));
    expect(findings.map(({ topic }) => topic)).toEqual([
      ...['cores', 'load', 'open files', 'ports', 'loopback', 'node', 'clock'],
      ...['quota', 'governor', 'event loop'],
      ...['wrk', 'curl', 'openssl', 'chromium'],
    ]);
    expect(findings.some(({ remedy }) => remedy !== undefined)).toBe(false);
  });

  it.each<[string, Partial<Host>, Finding['status'], RegExp]>([
    ['cores', { cores: 1 }, 'warning', /^1 core$/],
    ['load', { loadAverage: 2.01 }, 'warning', /^2\.01 on 4 cores/],
    ['open files', { openFiles: { soft: 1024, hard: 4096 } }, 'warning', /^1024 .*about 480 connections/],
    ['open files', { openFiles: { soft: 10, hard: 10 } }, 'warning', /about 0 connections/],
    ['open files', { openFiles: undefined }, 'warning', /^unknown/],
    ['open files', { openFiles: { soft: 2064, hard: 2064 } }, 'ok', /about 1000 connections/],
    ['ports', { ephemeralPorts: { low: 50_000, high: 50_999 } }, 'warning', /^1000 ephemeral ports/],
    ['ports', { ephemeralPorts: undefined }, 'warning', /^unknown/],
    ['loopback', { loopbackError: 'EADDRNOTAVAIL' }, 'missing', /EADDRNOTAVAIL/],
    ['node', { node: '20.18.3' }, 'missing', /^20\.18\.3/],
    ['node', { node: '18.20.0' }, 'missing', /^18/],
    ['node', { node: '24.0.0' }, 'ok', /^24/],
    ['clock', { clockStepNs: 15_000_000 }, 'warning', /15000000 ns/],
    ['quota', { cpuQuota: 1.5 }, 'warning', /^1\.5 of 4 cores/],
    ['quota', { cpuQuota: 4 }, 'ok', /^4 of 4 cores/],
    ['governor', { governor: 'powersave' }, 'warning', /^powersave/],
    ['governor', { governor: 'performance' }, 'ok', /^performance$/],
    ['event loop', { timing: { timerMs: 4, pauseMs: 0 } }, 'warning', /takes 4\.0 ms/],
    ['event loop', { timing: { timerMs: 1, pauseMs: 30 } }, 'warning', /idle loop 30\.0 ms/],
    ['wrk', { tools: ['curl'] }, 'missing', /only system tests/],
  ])('%s: %o is %s', (topic, change, status, detail) => {
    const finding = judge(topic, change);

    expect(finding.status).toBe(status);
    expect(finding.detail).toMatch(detail);
  });
});

describe('diagnose', () => {
  it('judges this machine, on which the tests run', async () => {
    const findings = await diagnose();

    expect(findings.find(({ topic }) => topic === 'loopback')?.status).toBe('ok');
    expect(findings.find(({ topic }) => topic === 'node')?.status).toBe('ok');
    expect((await probeHost()).clockStepNs).toBeGreaterThan(0);
  });
});

describe('parsePortRange', () => {
  it('reads two numbers', () => {
    expect(parsePortRange('32768\t60999\n')).toEqual({ low: 32_768, high: 60_999 });
  });

  it.each(['', '1', 'a b\n', '1 2 3\n'])('finds none in %o', (text) => {
    expect(parsePortRange(text)).toBeUndefined();
  });
});

describe('renderDoctor', () => {
  const findings: Finding[] = [
    { topic: 'cores', status: 'ok', detail: '2 cores' },
    { topic: 'open files', status: 'warning', detail: 'few', remedy: 'ulimit -n 2064' },
    { topic: 'wrk', status: 'missing', detail: 'not found', remedy: 'apt-get install wrk' },
  ];

  it('aligns columns and puts remedies below', () => {
    expect(renderDoctor(findings, { colour: false })).toBe(
      [
        'ok       cores       2 cores',
        'warning  open files  few',
        '                     ulimit -n 2064',
        'missing  wrk         not found',
        '                     apt-get install wrk',
        '',
      ].join('\n'),
    );
  });

  it('differs in nothing but escape sequences when coloured', () => {
    const coloured = renderDoctor(findings, { colour: true });

    expect(coloured).toContain('\x1b[32mok');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what is looked for
    expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(renderDoctor(findings, { colour: false }));
  });
});
