// A small server: it listens where it is told, with the certificate that it is given, and ends its connections before itself.
//   node server.js PORT CERTIFICATE KEY [TICKET-KEYS]
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const [port, cert, key, ticketKeys] = process.argv.slice(2);
const page = Buffer.from('<!doctype html><title>Own server</title><p>Hello.\n');

let isEnding = false;

const server = createServer(
  {
    cert: readFileSync(cert),
    key: readFileSync(key),
    // Without the same keys, a session of one replica means nothing to the others. Without the same context neither: Node
    // makes one of the arguments of the process, and the port is among them.
    ...(ticketKeys === undefined
      ? {}
      : { ticketKeys: readFileSync(ticketKeys), sessionIdContext: 'own-server' }),
  },
  (_request, response) => {
    const headers = { 'Content-Length': page.length, ...(isEnding ? { Connection: 'close' } : {}) };
    response.writeHead(200, headers).end(page);
  },
);
server.listen(Number(port), '127.0.0.1');

// What a deploy sends. Idle connections are closed at once, the others behind their next reply; then the process ends.
process.once('SIGTERM', () => {
  isEnding = true;
  server.close();
});
