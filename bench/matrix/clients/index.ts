/** The rows of the matrix. */
import type { Client } from '../client.js';
import { chromium } from './chromium.js';
import { curl } from './curl.js';
import { gnutls } from './gnutls.js';
import { jsse } from './jsse.js';
import { node } from './node.js';
import { nss } from './nss.js';
import { openssl } from './openssl.js';
import { reclaim } from './reclaim.js';

export const CLIENTS: readonly Client[] = [openssl, gnutls, nss, jsse, curl, node, chromium, reclaim];
