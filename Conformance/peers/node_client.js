// node's `ws` talks to our echo. usage: node node_client.js URL [--ca CERT] [--compressed]
const assert = require('assert');
const fs = require('fs');
const WebSocket = require(process.env.WS_MODULE || '/usr/share/nodejs/ws');

const [url, ...args] = process.argv.slice(2);
const compressed = args.includes('--compressed');
const ca = args.includes('--ca') ? fs.readFileSync(args[args.indexOf('--ca') + 1]) : undefined;

function open() {
  const socket = new WebSocket(url, { ca, maxPayload: 32 << 20, perMessageDeflate: compressed ? { threshold: 0 } : false });
  const waiting = [];
  const arrived = [];
  socket.on('message', (data, isBinary) => {
    const message = isBinary ? data : data.toString();
    waiting.length ? waiting.shift()(message) : arrived.push(message);
  });
  socket.next = () => (arrived.length ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve)));
  socket.closed = new Promise((resolve) => socket.on('close', (code, reason) => resolve([code, reason.toString()])));
  return new Promise((resolve, reject) => { socket.on('open', () => resolve(socket)); socket.on('error', reject); });
}

async function echo(socket, message) {
  socket.send(message);
  const answer = await socket.next();
  assert.ok(Buffer.from(answer).equals(Buffer.from(message)), 'another answer');
  assert.strictEqual(typeof answer === 'string', typeof message === 'string');
}

const bytes = (count) => Buffer.from(Array.from({ length: count }, (_, i) => (i * 31) & 255));

const checks = {
  async extension(socket) { assert.strictEqual(socket.extensions.startsWith('permessage-deflate'), compressed); },
  async text(socket) { for (const message of ['hello', '', 'κόσμε 🌍', 'x'.repeat(70000)]) await echo(socket, message); },
  async binary(socket) { for (const count of [0, 1, 125, 126, 65535, 65536]) await echo(socket, bytes(count)); },
  async mebibyte(socket) { await echo(socket, bytes(1 << 20)); },
  async fragments(socket) {
    socket.send('in ', { fin: false });
    socket.send('', { fin: false });
    socket.ping('between');
    socket.send('three parts', { fin: true });
    assert.strictEqual(await socket.next(), 'in three parts');
  },
  async inFlight(socket) {
    for (let number = 0; number < 500; number++) socket.send(String(number));
    for (let number = 0; number < 500; number++) assert.strictEqual(await socket.next(), String(number));
  },
  async ping(socket) {
    const pong = new Promise((resolve) => socket.on('pong', resolve));
    socket.ping('are you there');
    assert.strictEqual((await pong).toString(), 'are you there');
  },
  async closeCodes(socket) {
    socket.close(4001, 'enough');
    assert.strictEqual((await socket.closed)[0], 4001);
    for (const code of [1000, 1001, 1011, 3000, 4999]) {
      const other = await open();
      other.close(code);
      assert.strictEqual((await other.closed)[0], code);
    }
  },
  async unmaskedFrame(socket) {
    socket.send('no mask', { mask: false, compress: false });
    assert.strictEqual((await socket.closed)[0], 1002);
  },
};

(async () => {
  let passed = 0;
  for (const [name, check] of Object.entries(checks)) {
    let socket;
    try {
      socket = await open();
      const late = new Promise((_, reject) => setTimeout(() => reject(new Error('no answer for 20 s')), 20000).unref());
      await Promise.race([check(socket), late]);
      passed += 1;
      console.log(`    ok      ${name}`);
    } catch (error) {
      console.log(`    FAILED  ${name}: ${error.message}`);
    }
    if (socket) socket.terminate();
  }
  console.log(`${passed} passed, ${Object.keys(checks).length - passed} failed`);
  process.exit(0);
})();
