import { SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeLocalProxyHeader, encodeProxyHeader } from '../../src/net/proxy-protocol.js';

/** The constant block of section 2.2 of the specification. */
const SIGNATURE = '0d0a0d0a000d0a515549540a';

const port = fc.nat({ max: 65_535 });

describe('the header of the PROXY protocol, version 2', () => {
  it('is what HAProxy writes for TCP over IPv4', () => {
    // From a published capture of `send-proxy-v2` (seriousben/experiment-proxy-protocol).
    expect(
      encodeProxyHeader(
        { address: '172.19.0.1', port: 42_578 },
        { address: '172.19.0.3', port: 80 },
      ).toString('hex'),
    ).toBe(`${SIGNATURE}2111000cac130001ac130003a6520050`);
  });

  it('has addresses of 16 bytes for TCP over IPv6', () => {
    // The examples of RFC 4291 2.2.
    expect(
      encodeProxyHeader(
        { address: '2001:db8::8:800:200c:417a', port: 1 },
        { address: '::ffff:129.144.52.38', port: 443 },
      ).toString('hex'),
    ).toBe(
      `${SIGNATURE}21210024${'20010db80000000000080800200c417a'}${'00000000000000000000ffff81903426'}000101bb`,
    );
  });

  it('says of a connection of the proxy itself that nobody stands behind it', () => {
    expect(encodeLocalProxyHeader().toString('hex')).toBe(`${SIGNATURE}20000000`);
  });

  it('holds every address and port so that they can be read back', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), port, port, (from, to, fromPort, toPort) => {
        const bytes = encodeProxyHeader({ address: from, port: fromPort }, { address: to, port: toPort });
        expect(bytes.readUInt16BE(14)).toBe(bytes.length - 16);
        expect([...bytes.subarray(16, 20)].join('.')).toBe(from);
        expect([...bytes.subarray(20, 24)].join('.')).toBe(to);
        expect([bytes.readUInt16BE(24), bytes.readUInt16BE(26)]).toEqual([fromPort, toPort]);
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), port, (address, fromPort) => {
        const bytes = encodeProxyHeader({ address, port: fromPort }, { address: '::1', port: 2 });
        expect(bytes).toHaveLength(52);
        const groups = bytes.subarray(16, 32).toString('hex').match(/.{4}/g) ?? [];
        const canonical = (text: string): string =>
          new SocketAddress({ address: text, family: 'ipv6' }).address;
        expect(canonical(groups.join(':'))).toBe(canonical(address));
      }),
    );
  });

  it.each([
    ['no IP address', { address: 'localhost', port: 1 }],
    ['no IP address', { address: '', port: 1 }],
    ['different families', { address: '::1', port: 1 }],
    ['no TCP port', { address: '127.0.0.1', port: 65_536 }],
    ['no TCP port', { address: '127.0.0.1', port: 1.5 }],
  ])('is refused: %s', (problem, source) => {
    expect(() => encodeProxyHeader(source, { address: '127.0.0.1', port: 443 })).toThrow(problem);
  });
});
