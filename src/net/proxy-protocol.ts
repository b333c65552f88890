/**
 * The header of the PROXY protocol, version 2 (haproxy.org, doc/proxy-protocol.txt, 2.2), with which a proxy tells a server
 * whose connection it forwards. Only what a sender for TCP needs: no optional fields (TLV).
 *
 *     signature (12) | version and command (1) | family and transport (1) | length (2) | addresses
 */
import { isIPv4, isIPv6 } from 'node:net';

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const VERSION_2 = 0x20;
/** The sender's own connection, a health check for example: no client stands behind it. */
const COMMAND_LOCAL = 0x0;
const COMMAND_PROXY = 0x1;
const UNSPECIFIED = 0x00;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;
const MAX_PORT = 65_535;
/** Groups of 16 bits in an IPv6 address. */
const IPV6_GROUPS = 8;

export interface Endpoint {
  /** IPv4 or IPv6 address, as text. */
  readonly address: string;
  readonly port: number;
}

/**
 * The header of a connection from `source` to `destination`: 28 bytes over IPv4, 52 over IPv6.
 *
 * @throws RangeError when an address is none, the two are of different families, or a port is not of TCP
 */
export function encodeProxyHeader(source: Endpoint, destination: Endpoint): Buffer {
  for (const { port } of [source, destination]) {
    if (!Number.isInteger(port) || port < 0 || port > MAX_PORT) throw new RangeError(`no TCP port: ${port}`);
  }
  const [from, to] = [encodeAddress(source.address), encodeAddress(destination.address)];
  if (from.length !== to.length) {
    throw new RangeError(`addresses of different families: ${source.address}, ${destination.address}`);
  }
  const family = from.length === 4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6;
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(source.port, 0);
  ports.writeUInt16BE(destination.port, 2);
  return header(COMMAND_PROXY, family, Buffer.concat([from, to, ports]));
}

/** The header of a connection that the sender makes on its own account. */
export function encodeLocalProxyHeader(): Buffer {
  return header(COMMAND_LOCAL, UNSPECIFIED, Buffer.alloc(0));
}

function header(command: number, family: number, addresses: Buffer): Buffer {
  const fixed = Buffer.of(VERSION_2 | command, family, addresses.length >> 8, addresses.length & 0xff);
  return Buffer.concat([SIGNATURE, fixed, addresses]);
}

function encodeAddress(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  // A zone (`%eth0`) means something on this machine only.
  const [withoutZone = ''] = address.split('%');
  if (isIPv6(withoutZone)) return encodeIpv6(withoutZone);
  throw new RangeError(`no IP address: ${JSON.stringify(address)}`);
}

/** RFC 4291 2.2: groups of 16 bits, `::` for as many zeros as are missing, the last four bytes perhaps as IPv4. */
function encodeIpv6(address: string): Buffer {
  const [left = '', right] = address.split('::');
  const head = groupsOf(left);
  const tail = groupsOf(right ?? '');
  const zeros = new Array<number>(IPV6_GROUPS - head.length - tail.length).fill(0);
  const bytes = Buffer.alloc(2 * IPV6_GROUPS);
  for (const [index, group] of [...head, ...zeros, ...tail].entries()) bytes.writeUInt16BE(group, 2 * index);
  return bytes;
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return Number.parseInt(part, 16);
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}
