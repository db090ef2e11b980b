// An echo server of node's `ws`. usage: node node_server.js PORT [--tls CERT KEY] [--compressed]
const fs = require('fs');
const http = require('http');
const https = require('https');
const { WebSocketServer } = require(process.env.WS_MODULE || '/usr/share/nodejs/ws');

const [port, ...args] = process.argv.slice(2);
const tls = args.indexOf('--tls');
const server = tls < 0
  ? http.createServer()
  : https.createServer({ cert: fs.readFileSync(args[tls + 1]), key: fs.readFileSync(args[tls + 2]) });
const sockets = new WebSocketServer({
  server,
  maxPayload: 4 << 20,
  perMessageDeflate: args.includes('--compressed') ? { threshold: 0 } : false,
});
sockets.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => {
    const text = isBinary ? '' : data.toString();
    if (text.startsWith('!close ')) {
      const [, code, reason] = text.split(' ');
      socket.close(Number(code), reason);
    } else {
      socket.send(data, { binary: isBinary });
    }
  });
  socket.on('error', () => {});
});
server.listen(Number(port), '127.0.0.1');
