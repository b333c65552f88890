/** What the tables call those who take part. */
export const OURS = 'load client';
export const OTHER_BUILD = 'load client of other build';
export const BARE_ID = 'node:tls alone';
export const WRK_ID = 'wrk';
