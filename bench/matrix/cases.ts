/** What is tried with each client: TLS version, cipher suite, strategy, and what happens around the kill. */
import type { Aead, TlsVersion } from '../../src/tls/cipher-suites.js';

export type Scenario =
  /** The connection is idle when the primary dies. */
  | 'between-requests'
  /** The client has a part of a long reply. */
  | 'mid-response'
  /** The client updates its keys, exchanges a request, and is idle when the primary dies. */
  | 'key-update'
  /** The client updates its keys while a long reply is on its way. */
  | 'key-update-mid-response';

export interface Suite {
  readonly version: TlsVersion;
  readonly aead: Aead;
}

export interface Case {
  readonly strategy: string;
  readonly scenario: Scenario;
  readonly suite: Suite;
}

export const SCENARIO_TITLES: Readonly<Record<Scenario, string>> = {
  'between-requests': 'killed between requests',
  'mid-response': 'killed in the middle of a response',
  'key-update': 'KeyUpdate by the client, then killed between requests',
  'key-update-mid-response': 'KeyUpdate by the client in the middle of a response, then killed in it',
};

const SCENARIOS = Object.keys(SCENARIO_TITLES) as Scenario[];
const VERSIONS: readonly TlsVersion[] = ['1.3', '1.2'];
const AEADS: readonly Aead[] = ['aes-128-gcm', 'aes-256-gcm', 'chacha20-poly1305'];

/** Columns of one table. */
export interface Section {
  readonly strategy: string;
  readonly scenario: Scenario;
  readonly suites: readonly Suite[];
}

/** @param quick one suite per version instead of all */
export function planSections(quick: boolean): readonly Section[] {
  const one = AEADS.slice(0, 1);
  return [...sectionsOf('spr', quick ? one : AEADS), ...sectionsOf('full-state-copy', one)];
}

/** KeyUpdate exists in TLS 1.3 only (RFC 8446 4.6.3). */
function sectionsOf(strategy: string, aeads: readonly Aead[]): readonly Section[] {
  return SCENARIOS.map((scenario) => ({
    strategy,
    scenario,
    suites: VERSIONS.filter((version) => version === '1.3' || !updatesKeys(scenario)).flatMap((version) =>
      aeads.map((aead) => ({ version, aead })),
    ),
  }));
}

export function updatesKeys(scenario: Scenario): boolean {
  return scenario === 'key-update' || scenario === 'key-update-mid-response';
}
