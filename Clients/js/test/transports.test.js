import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, beforeEach, test } from "node:test";
import { Client } from "../heliograph.js";
import { StubServer } from "./stub-server.js";

const WebSocket = createRequire(import.meta.url)(process.env.WS_MODULE || "/usr/share/nodejs/ws");
const next = (target, name) => new Promise((resolve) => target.on(name, resolve));

let server;
let clients;
beforeEach(async () => {
  clients = [];
  server = await new StubServer().start();
});
afterEach(() => {
  for (const client of clients) client.disconnect();
  server.stop();
});
function make(options = {}, endpoint = server.endpoint) {
  const client = new Client(endpoint, { WebSocket, minReconnectDelay: 20, maxReconnectDelay: 100, ...options });
  clients.push(client);
  return client;
}

for (const [transport, refused] of [["http_stream", []], ["sse", ["/connection/http_stream"]]]) {
  test(`${transport}, where a WebSocket cannot be opened`, { timeout: 20_000 }, async () => {
    for (const path of refused) server.refuse.add(path);
    const client = make();
    const subscription = client.subscription("news").subscribe();
    const publication = next(subscription, "publication");
    const connected = await next(client.connect(), "connected");
    assert.equal(connected.transport, transport);
    await subscription.publish({ text: "κόσμε 🌍\n" });
    assert.deepEqual((await publication).data, { text: "κόσμε 🌍\n" });
    // In order, and together where they have to wait.
    server.posts.length = 0;
    const publications = [];
    subscription.on("publication", ({ data }) => publications.push(data));
    await Promise.all(Array.from({ length: 200 }, async (_, i) => {
      await null;
      await client.publish("news", i);
    }));
    assert.deepEqual(publications, Array.from({ length: 200 }, (_, i) => i));
    assert.ok(server.posts.length < 50);
    // A ping is answered by a POST.
    server.posts.length = 0;
    await server.raw(transport === "sse" ? "data: {}\n\n" : "{}\n");
    for (let i = 0; i < 100 && !server.posts.length; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(server.posts, ["{}"]);
    // It stays with the transport that worked.
    server.requests.length = 0;
    server.end();
    await next(client, "connected");
    assert.deepEqual(server.requests, [`POST /connection/${transport}`]);
    // And says what the server says.
    const ended = next(client, "disconnected");
    server.end({ push: { disconnect: { code: 3503, reason: "force disconnect" } } });
    assert.deepEqual(await ended, { code: 3503, reason: "force disconnect" });
  });
}

test("lines in pieces, characters in pieces, and what is no line of ours", { timeout: 20_000 }, async () => {
  server.refuse.add("/connection/http_stream");
  const client = make({ transports: ["sse"] });
  const messages = [];
  client.on("message", ({ data }) => messages.push(data));
  await next(client.connect(), "connected");
  const bytes = Buffer.from('data: {"push":{"message":{"data":"🌍"}}}\r\n\r\n');
  const cut = bytes.indexOf(Buffer.from("🌍")) + 2;
  await server.raw(": comment\n", "event: x\nid: 4\nretry: 5\n", bytes.subarray(0, cut), bytes.subarray(cut), 'data:{"push":{"message":{"data":2}}}\n\n');
  assert.deepEqual(messages, ["🌍", 2]);
});

test("a line without end is not kept for ever", { timeout: 30_000 }, async () => {
  const client = make({ transports: ["http_stream"] });
  await next(client.connect(), "connected");
  const lost = next(client, "connecting");
  await server.raw(...Array.from({ length: 9 }, () => "x".repeat(2 ** 21)));
  assert.equal((await lost).code, 1);
});

test("a POST that is refused ends the connection", { timeout: 20_000 }, async () => {
  const client = make({ transports: ["http_stream"] });
  await next(client.connect(), "connected");
  server.emulationStatus = 404;
  const lost = next(client, "connecting");
  await assert.rejects(client.publish("news", 1), { code: 2 });
  assert.equal((await lost).code, 1);
});

test("nothing works: round and round, with a pause after the last", { timeout: 20_000 }, async () => {
  for (const path of ["http_stream", "sse"]) server.refuse.add(`/connection/${path}`);
  const client = make();
  let errors = 0;
  client.on("error", () => (errors += 1)).connect();
  while (errors < 7) await next(client, "error");
  assert.deepEqual(server.requests.slice(0, 6), [
    "UPGRADE /connection/websocket", "POST /connection/http_stream", "POST /connection/sse",
    "UPGRADE /connection/websocket", "POST /connection/http_stream", "POST /connection/sse",
  ]);
});

test("a WebSocket that worked once is not given up for a fallback", { timeout: 20_000 }, async () => {
  const { WebSocketServer } = WebSocket;
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on("connection", (socket) => socket.on("message", () => socket.send('{"id":1,"connect":{}}')));
  const http = createServer((request, response) => response.writeHead(404).end());
  let accepts = true;
  http.on("upgrade", (request, socket, head) => (accepts ? sockets.handleUpgrade(request, socket, head, (each) => sockets.emit("connection", each)) : socket.destroy()));
  const asked = [];
  http.on("request", ({ url }) => asked.push(url));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const client = make({}, `http://127.0.0.1:${http.address().port}/connection/websocket`);
  assert.equal((await next(client.connect(), "connected")).transport, "websocket");
  accepts = false;
  for (const socket of sockets.clients) socket.terminate();
  for (let i = 0; i < 4; i++) await next(client, "error");
  assert.deepEqual(asked, []);
  client.disconnect();
  http.close();
});
