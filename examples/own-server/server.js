// The least that a server has to do: listen where it is told, with the certificate that it is given.
//   node server.js PORT CERTIFICATE KEY [TICKET-KEYS]
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const [port, cert, key, ticketKeys] = process.argv.slice(2);
const page = Buffer.from('<!doctype html><title>Own server</title><p>Hello.\n');

createServer(
  {
    cert: readFileSync(cert),
    key: readFileSync(key),
    // Without the same keys, a session of one replica means nothing to the others. Without the same context neither: Node
    // makes one of the arguments of the process, and the port is among them.
    ...(ticketKeys === undefined
      ? {}
      : { ticketKeys: readFileSync(ticketKeys), sessionIdContext: 'own-server' }),
  },
  (_request, response) => response.writeHead(200, { 'Content-Length': page.length }).end(page),
).listen(Number(port), '127.0.0.1');
