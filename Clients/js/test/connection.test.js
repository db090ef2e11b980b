import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Client } from "../heliograph.js";
import { connected, makeClient, pass, record, resumeTime, settle, stopTime } from "./fakes.js";

beforeEach(stopTime);
afterEach(resumeTime);

test("connects: token, data, name, version and headers", async () => {
  const { server, client } = makeClient({ token: "T", data: { room: 1 }, version: "2.0", headers: { "x-a": "b" } });
  const events = record(client, "state", "connecting", "connected");
  client.connect().connect();
  await pass(0);
  assert.equal(server.sockets.length, 1);
  assert.equal(server.socket.url, "ws://test/connection/websocket");
  await server.open();
  const request = await server.answer("connect", { client: "c1", version: "srv", data: { hello: 1 } });
  assert.deepEqual(request, { token: "T", data: { room: 1 }, name: "js", version: "2.0", headers: { "x-a": "b" }, subs: {} });
  assert.deepEqual(events, [
    ["state", { state: "connecting", previous: "disconnected" }],
    ["connecting", { code: 0, reason: "connect called" }],
    ["state", { state: "connected", previous: "connecting" }],
    ["connected", { client: "c1", transport: "websocket", version: "srv", data: { hello: 1 } }],
  ]);
  assert.equal(client.id, "c1");
});

test("disconnects when told to, and can connect again", async () => {
  const { server, client } = await connected();
  const events = record(client, "disconnected");
  client.disconnect().disconnect();
  assert.deepEqual(events, [["disconnected", { code: 0, reason: "disconnect called" }]]);
  assert.equal(server.socket.isClosed, true);
  await pass(100_000);
  assert.equal(server.sockets.length, 1);
  client.connect();
  await pass(0);
  await server.open();
  await server.answer("connect", { client: "c2" });
  assert.equal(client.id, "c2");
});

test("commands of one turn go in one frame, and a frame has a bound", async () => {
  const { server, client } = await connected();
  const all = Promise.allSettled(Array.from({ length: 100 }, (_, i) => client.publish("c", "x".repeat(500) + i)));
  await settle();
  const frames = server.socket.frames;
  assert.equal(frames.flatMap((frame) => frame.split("\n")).length, 100);
  assert.ok(frames.length >= 4 && frames.length < 10);
  assert.ok(frames.every((frame) => frame.length <= 17_000));
  client.disconnect();
  assert.ok((await all).every(({ status, reason }) => status === "rejected" && reason.code === 2));
});

test("requests and their answers", async () => {
  const { server, client } = await connected();
  const ask = async (promise, name, result) => {
    const request = await server.answer(name, result);
    return [request, await promise];
  };
  assert.deepEqual(await ask(client.publish("c", { a: 1 }), "publish"), [{ channel: "c", data: { a: 1 } }, undefined]);
  assert.deepEqual(await ask(client.rpc("sum", [1, 2]), "rpc", { data: 3 }), [{ method: "sum", data: [1, 2] }, { data: 3 }]);
  const info = { user: "u", client: "c1", conn_info: { n: 1 }, chan_info: null };
  const shown = { user: "u", client: "c1", connInfo: { n: 1 }, chanInfo: null };
  assert.deepEqual(await ask(client.presence("c"), "presence", { presence: { c1: info } }), [{ channel: "c" }, { clients: { c1: shown } }]);
  assert.deepEqual((await ask(client.presenceStats("c"), "presence_stats", { num_clients: 2, num_users: 1 }))[1], { numClients: 2, numUsers: 1 });
  const history = client.history("c", { limit: 2, since: { offset: 1, epoch: "e" }, reverse: true });
  const pub = { data: 1, offset: 2, tags: { a: "b" }, time: 5, info };
  assert.deepEqual(await ask(history, "history", { publications: [pub], epoch: "e", offset: 2 }), [
    { channel: "c", limit: 2, since: { offset: 1, epoch: "e" }, reverse: true },
    { publications: [{ channel: "c", data: 1, offset: 2, tags: { a: "b" }, time: 5, info: shown }], epoch: "e", offset: 2 },
  ]);
  client.send({ hi: 1 });
  assert.deepEqual(await server.commands(), [{ send: { data: { hi: 1 } } }]);
  const messages = record(client, "message");
  await server.say({ push: { message: { data: "from server" } } });
  assert.deepEqual(messages, [["message", { data: "from server" }]]);
});

test("an error reply rejects, so do silence, a lost connection and being disconnected", async () => {
  const { server, client } = await connected();
  const refused = assert.rejects(client.publish("c", 1), { name: "RequestError", code: 103, message: "permission denied", temporary: false });
  await server.answer("publish", { code: 103, message: "permission denied" });
  await refused;
  const unanswered = assert.rejects(client.publish("c", 1), { code: 1, temporary: true });
  await pass(5_000);
  await unanswered;
  const lost = assert.rejects(client.publish("c", 1), { code: 2 });
  await settle();
  await server.close();
  await lost;
  const waiting = assert.rejects(client.publish("c", 1), { code: 1 });
  await pass(5_000);
  await waiting;
  const ended = assert.rejects(client.publish("c", 1), { code: 3 });
  client.disconnect();
  await ended;
  await assert.rejects(client.publish("c", 1), { code: 3 });
});

test("a request made while connecting waits for the connection", async () => {
  const { server, client } = makeClient();
  client.connect();
  const published = client.publish("c", 1);
  const sent = client.send(2);
  await pass(0);
  await server.open();
  await server.answer("connect", {});
  const [{ id }, second] = await server.commands();
  assert.deepEqual(second, { send: { data: 2 } });
  await server.say({ id, publish: {} });
  await Promise.all([published, sent]);
});

test("answers pings when asked to, and only pings", async () => {
  const { server } = await connected({}, { ping: 25, pong: true });
  await server.say({});
  assert.deepEqual(await server.commands(), [{}]);
  await server.say({}, { id: 77, unknown: {} }, { what: 1 }, { push: {} });
  assert.deepEqual(await server.commands(), [{}]);
  const quiet = await connected({}, { ping: 25 });
  await quiet.server.say({});
  assert.deepEqual(await quiet.server.commands(), []);
});

test("silence beyond the ping interval and its slack ends the connection", async () => {
  const { server, client } = await connected({}, { ping: 25, pong: true });
  const events = record(client, "connecting");
  await pass(34_000);
  await server.say({ push: { channel: "x", pub: {} } });
  await pass(34_000);
  assert.equal(client.state, "connected");
  await pass(1_000);
  assert.deepEqual(events, [["connecting", { code: 2, reason: "no ping" }]]);
  assert.equal(server.socket.isClosed, true);
});

test("comes back with full jitter on bounds that double", async () => {
  const { server, client } = await connected();
  await pass(10_000);
  await server.close();
  for (const delay of [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
    const before = server.sockets.length;
    await pass(delay - 1);
    assert.equal(server.sockets.length, before);
    await pass(1);
    assert.equal(server.sockets.length, before + 1, `after ${delay}`);
    await server.close();
  }
  assert.equal(client.state, "connecting");
});

test("a connection that lived short does not start the back-off afresh", async () => {
  const { server } = await connected();
  for (const delay of [250, 500, 1_000]) {
    await server.close(3000);
    await pass(delay - 1);
    const before = server.sockets.length;
    await pass(1);
    assert.equal(server.sockets.length, before + 1);
    await server.open();
    await server.answer("connect", {});
  }
  await pass(6_000);
  await server.close(3000);
  const before = server.sockets.length;
  await pass(250);
  assert.equal(server.sockets.length, before + 1);
});

const ends = [
  [1000, null], [1006, null], [1011, null], [1009, [3, "message size limit"]], [3000, "keep"], [3001, "keep"], [3012, "keep"], [3014, "keep"],
  [3499, "keep"], [3500, "end"], [3501, "end"], [3999, "end"], [4000, "keep"], [4499, "keep"], [4500, "end"], [4999, "end"],
];
for (const [code, what] of ends) {
  test(`close ${code}`, async () => {
    const { server, client } = await connected();
    const events = record(client, "connecting", "disconnected");
    await server.close(code, "why");
    const expected = {
      keep: ["connecting", { code, reason: "why" }],
      end: ["disconnected", { code, reason: "why" }],
    }[what] ?? (what ? ["disconnected", { code: what[0], reason: what[1] }] : ["connecting", { code: 1, reason: "transport closed" }]);
    assert.deepEqual(events, [expected]);
    await pass(20_000);
    assert.equal(server.sockets.length, expected[0] === "connecting" ? 2 : 1);
  });
}

test("a disconnect push is as good as a close", async () => {
  const { server, client } = await connected();
  const events = record(client, "connecting", "disconnected");
  await server.say({ push: { disconnect: { code: 3500, reason: "invalid token" } } });
  assert.deepEqual(events, [["disconnected", { code: 3500, reason: "invalid token" }]]);
});

test("temporary errors of connect are tried again, others are not", async () => {
  for (const [error, again] of [[{ code: 100, temporary: true }, true], [{ code: 111, temporary: true }, true], [{ code: 101 }, false], [{ code: 103 }, false]]) {
    const { server, client } = makeClient();
    const events = record(client, "error", "disconnected");
    client.connect();
    await pass(0);
    await server.open();
    await server.answer("connect", { message: "m", ...error });
    assert.equal(events.length, 1);
    assert.equal(events[0][0], again ? "error" : "disconnected");
    assert.equal(events[0][1].code, error.code);
    await pass(20_000);
    assert.equal(server.sockets.length, again ? 2 : 1);
    client.disconnect();
  }
});

test("no answer to connect, and no opening at all: tried again", async () => {
  const { server, client } = makeClient();
  client.connect();
  await pass(0);
  await server.open();
  await pass(5_000);
  assert.equal(server.socket.isClosed, true);
  await pass(20_000);
  assert.equal(server.sockets.length, 2);
  await pass(10_000);
  assert.equal(server.socket.isClosed, true);
  await pass(20_000);
  assert.equal(server.sockets.length, 3);
});

test("getToken: asked first, and again after 109", async () => {
  const tokens = ["old", "new"];
  const { server, client } = makeClient({ getToken: async () => tokens.shift() });
  client.connect();
  await pass(0);
  await server.open();
  assert.equal((await server.answer("connect", { code: 109, message: "token expired" })).token, "old");
  await pass(20_000);
  await server.open();
  assert.equal((await server.answer("connect", {})).token, "new");
  assert.equal(client.state, "connected");
  // A token that works is kept over reconnects.
  await server.close();
  await pass(20_000);
  await server.open();
  assert.equal((await server.answer("connect", {})).token, "new");
});

test("109 without getToken, and getToken without a token: unauthorized", async () => {
  const { server, client } = makeClient({ token: "old" });
  const events = record(client, "disconnected");
  client.connect();
  await pass(0);
  await server.open();
  await server.answer("connect", { code: 109, message: "token expired" });
  assert.deepEqual(events, [["disconnected", { code: 1, reason: "unauthorized" }]]);
  const other = makeClient({ getToken: () => null });
  const ended = record(other.client, "disconnected");
  other.client.connect();
  await pass(0);
  assert.deepEqual(ended, [["disconnected", { code: 1, reason: "unauthorized" }]]);
});

test("a getToken that throws is asked again later; one that answers too late is not heard", async () => {
  let answers = [];
  const { server, client } = makeClient({ getToken: () => new Promise((resolve, reject) => answers.push({ resolve, reject })) });
  const errors = record(client, "error");
  client.connect();
  await pass(0);
  answers[0].reject(new Error("no network"));
  await settle();
  assert.equal(errors[0][1].code, 5);
  await pass(20_000);
  client.disconnect();
  answers[1].resolve("late");
  await settle();
  assert.equal(server.sockets.length, 0);
  assert.equal(client.state, "disconnected");
});

test("refreshes the token when it expires", async () => {
  let number = 0;
  const { server, client } = await connected({ getToken: () => `t${++number}` }, { expires: true, ttl: 60 });
  await pass(59_000);
  assert.deepEqual(await server.commands(), []);
  await pass(1_000);
  assert.deepEqual(await server.answer("refresh", { expires: true, ttl: 100 }), { token: "t2" });
  await pass(100_000);
  assert.deepEqual(await server.answer("refresh", { code: 100, message: "internal", temporary: true }), { token: "t3" });
  await pass(10_000);
  assert.deepEqual(await server.answer("refresh", { code: 103, message: "permission denied" }), { token: "t4" });
  assert.equal(client.state, "disconnected");
});

test("a hostile ttl does not make a storm of refreshes", async () => {
  for (const ttl of [0, -1, 1e300, "x", null, {}]) {
    const getToken = mock.fn(() => "t");
    const { client } = await connected({ getToken }, { expires: true, ttl });
    await pass(900);
    assert.equal(getToken.mock.callCount(), 1, String(ttl));
    client.disconnect();
  }
});

test("3014 drops token and positions", async () => {
  let number = 0;
  const { server, client } = await connected({ getToken: () => `t${++number}` });
  const subscription = client.subscription("news").subscribe();
  await server.answer("subscribe", { recoverable: true, epoch: "e", offset: 3 });
  assert.deepEqual(subscription.position, { epoch: "e", offset: 3 });
  await server.close(3014, "state invalidated");
  await pass(20_000);
  await server.open();
  const [connect, subscribe] = await server.commands();
  assert.equal(connect.connect.token, "t2");
  assert.equal(subscribe.subscribe.recover, undefined);
});

test("server-side subscriptions: subscribed, publications, recovery, unsubscribed", async () => {
  const { server, client } = makeClient();
  const events = record(client, "subscribed", "subscribing", "unsubscribed", "publication", "join", "leave");
  client.connect();
  await pass(0);
  await server.open();
  await server.answer("connect", { subs: { "user:1": { recoverable: true, positioned: true, epoch: "e", offset: 1 }, plain: {} } });
  assert.deepEqual(events.splice(0).map(([name, { channel, position }]) => [name, channel, position]), [
    ["subscribed", "user:1", { epoch: "e", offset: 1 }],
    ["subscribed", "plain", null],
  ]);
  await server.say({ push: { channel: "user:1", pub: { data: 5, offset: 2 } } }, { push: { channel: "plain", join: { info: { user: "u", client: "c" } } } });
  assert.deepEqual(events.splice(0).map(([name, event]) => [name, event.channel, event.data ?? event.info.client]), [
    ["publication", "user:1", 5],
    ["join", "plain", "c"],
  ]);
  await server.close();
  assert.deepEqual(events.splice(0).map(([name, { channel }]) => [name, channel]), [["subscribing", "user:1"], ["subscribing", "plain"]]);
  await pass(20_000);
  await server.open();
  const recovered = { recoverable: true, recovered: true, was_recovering: true, epoch: "e", offset: 2, publications: [{ data: 6, offset: 3 }] };
  assert.deepEqual((await server.answer("connect", { subs: { "user:1": recovered } })).subs, { "user:1": { recover: true, epoch: "e", offset: 2 } });
  assert.deepEqual(events.splice(0).map(([name, { channel }]) => [name, channel]), [["unsubscribed", "plain"], ["subscribed", "user:1"], ["publication", "user:1"]]);
  await server.say({ push: { channel: "late", subscribe: { recoverable: true, epoch: "f", offset: 9 } } }, { push: { channel: "user:1", unsubscribe: { code: 2000, reason: "server" } } });
  assert.deepEqual(events.splice(0).map(([name, { channel, code }]) => [name, channel, code]), [["subscribed", "late", undefined], ["unsubscribed", "user:1", 2000]]);
  await server.say({ push: { channel: "user:1", pub: { data: 7 } } });
  assert.deepEqual(events, []);
});

test("a delta of a server-side subscription that does not fit: a new connection, from the last good position", async () => {
  const { server, client } = await connected({}, { subs: { own: { recoverable: true, delta: true, epoch: "e", offset: 4 } } });
  const events = record(client, "publication", "connecting");
  await server.say({ push: { channel: "own", pub: { data: "1", offset: 5 } } }, { push: { channel: "own", pub: { data: "1\n1;", delta: true, offset: 6 } } });
  assert.deepEqual(events.map(([name, { data, code }]) => [name, data ?? code]), [["publication", 1], ["connecting", 2]]);
  await pass(20_000);
  await server.open();
  assert.deepEqual((await server.answer("connect", {})).subs, { own: { recover: true, epoch: "e", offset: 5 } });
});

test("a WebSocket that cannot even be made is tried again", async () => {
  let made = 0;
  const WebSocket = class {
    constructor() {
      made += 1;
      throw new Error("forbidden by the page's policy");
    }
  };
  const { client } = makeClient({ WebSocket });
  const errors = record(client, "error");
  client.connect();
  for (let i = 0; i < 5; i++) await pass(20_000);
  assert.ok(made >= 5 && errors.length === made);
  assert.equal(client.state, "connecting");
});

test("a page that wakes up asks whether the server is still there", async () => {
  const page = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  globalThis.addEventListener = page.addEventListener.bind(page);
  globalThis.document = document;
  try {
    const { server, client } = await connected({}, { ping: 25, pong: true });
    for (const [target, name] of [[page, "online"], [page, "offline"], [page, "pageshow"], [document, "visibilitychange"]]) {
      target.dispatchEvent(Object.assign(new Event(name), { persisted: true }));
      assert.deepEqual(await server.answer("ping", { code: 108, message: "not available" }), {}, name);
    }
    assert.equal(client.state, "connected");
    document.visibilityState = "hidden";
    document.dispatchEvent(new Event("visibilitychange"));
    assert.deepEqual(await server.commands(), []);
    // No answer: a new connection without waiting.
    page.dispatchEvent(new Event("online"));
    await pass(5_000);
    assert.equal(client.state, "connecting");
    await pass(0);
    assert.equal(server.sockets.length, 2);
    // A retry that is due later happens now, but not because the network went away.
    await server.close();
    page.dispatchEvent(new Event("offline"));
    assert.equal(server.sockets.length, 2);
    page.dispatchEvent(new Event("online"));
    await settle();
    assert.equal(server.sockets.length, 3);
    await server.open();
    await server.answer("connect", {});
    page.dispatchEvent(new Event("pagehide"));
    assert.equal(server.socket.isClosed, true);
    page.dispatchEvent(new Event("pageshow"));
    await settle();
    assert.equal(server.sockets.length, 3);
    page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    await settle();
    assert.equal(server.sockets.length, 4);
    client.disconnect();
    page.dispatchEvent(new Event("pageshow"));
    await pass(100_000);
    assert.equal(server.sockets.length, 4);
  } finally {
    delete globalThis.addEventListener;
    delete globalThis.document;
  }
});

test("handlers that throw, disconnect or connect do no harm", async () => {
  const complaint = mock.method(console, "error", () => {});
  const { server, client } = await connected();
  client.on("connecting", () => {
    throw new Error("of the app");
  });
  let rounds = 0;
  client.on("connecting", () => rounds++ < 1 && client.disconnect().connect());
  await server.close();
  assert.ok(complaint.mock.callCount() >= 1);
  await pass(0);
  await pass(5_000);
  assert.equal(server.sockets.length, 2);
  assert.equal(client.state, "connecting");
  client.on("connected", () => client.disconnect());
  await server.open();
  await server.answer("connect", { subs: { a: {} } });
  assert.equal(client.state, "disconnected");
});

test("ready", async () => {
  const { server, client } = makeClient();
  await assert.rejects(client.ready(), { code: 3 });
  client.connect();
  const late = assert.rejects(client.ready(100), { code: 1 });
  const ready = client.ready();
  await pass(100);
  await late;
  await server.open();
  await server.answer("connect", {});
  await ready;
  await client.ready();
});

test("frames that are no JSON", async () => {
  const { server, client } = await connected();
  const events = record(client, "disconnected");
  await server.sayText("{nonsense");
  assert.deepEqual(events, [["disconnected", { code: 2, reason: "bad protocol" }]]);
  const binary = await connected();
  await binary.server.sayText(new ArrayBuffer(3));
  assert.equal(binary.client.state, "disconnected");
});

const hostile = [
  null, 5, "x", true, [], [[]], { id: -1 }, { id: "1" }, { id: {} }, { push: null }, { push: 5 }, { push: [] }, { push: { channel: 5, pub: {} } },
  { push: { channel: "news", pub: null } }, { push: { channel: "news", pub: 5 } }, { push: { channel: "news", pub: { offset: "x", tags: 4, info: 3, time: {} } } },
  { push: { channel: "news", pub: { offset: -4 } } }, { push: { channel: "news", pub: { offset: 1e300 } } }, { push: { channel: "news", pub: { delta: true, data: "zz" } } },
  { push: { channel: "news", join: 5 } }, { push: { channel: "news", leave: null } }, { push: { channel: "news", join: { info: [] } } },
  { push: { channel: "news", unknown: {} } }, { push: { id: 999, pub: {} } }, { push: { id: "__proto__", pub: {} } }, { push: { channel: "__proto__", pub: {} } },
  { push: { channel: "constructor", join: {} } }, { push: { channel: "s", subscribe: 5 } }, { push: { channel: "s", subscribe: { publications: 5 } } },
  { push: { channel: "s", subscribe: { publications: [null, 5, {}], offset: {}, epoch: 5, id: "a" } } }, { push: { channel: "s", unsubscribe: "x" } },
  { push: { message: 5 } }, { push: { refresh: 5 } }, { push: { refresh: { expires: true, ttl: -1 } } }, { push: { connect: {} } }, { error: { code: 5 } },
];
test("hostile input: wrong types and unknown pushes", async () => {
  const errors = mock.method(console, "error", () => {});
  const { server, client } = await connected({ getToken: () => "t" }, { ping: 25, pong: true });
  const subscription = client.subscription("news").subscribe();
  await server.answer("subscribe", { recoverable: true, epoch: "e", offset: 1, id: 4, publications: "x" });
  for (const input of hostile) await server.say(input);
  assert.equal(client.state, "connected");
  assert.deepEqual(subscription.position, { epoch: "e", offset: 1 });
  await server.say({ push: { channel: "news", pub: { data: 1, offset: 2 } } });
  assert.deepEqual(subscription.position, { epoch: "e", offset: 2 });
  await server.say({ push: { disconnect: 5 } });
  assert.equal(client.state, "connecting");
  assert.equal(errors.mock.callCount(), 0);
});

test("hostile input: answers of wrong types", async () => {
  for (const result of [null, 5, "x", [], { client: 5, ping: 1e300, pong: "x", subs: 5, session: {}, expires: "y", ttl: {} }, { subs: [5] }, { subs: { __proto__: null, a: null, b: { publications: [null] } } }]) {
    const { server, client } = makeClient();
    client.connect();
    await pass(0);
    await server.open();
    const [{ id }] = await server.commands();
    await server.say({ id, connect: result });
    assert.equal(client.state, "connected");
    const asked = [client.history("c"), client.presence("c"), client.presenceStats("c"), client.rpc("m"), client.publish("c")];
    const names = ["history", "presence", "presence_stats", "rpc", "publish"];
    const commands = await server.commands();
    await server.say(...commands.map(({ id: number }, i) => ({ id: number, [names[i]]: result })));
    await Promise.all(asked);
    const failing = assert.rejects(client.history("c"), { name: "RequestError" });
    await server.say({ id: (await server.commands())[0].id, error: result ?? "x" });
    await failing;
    client.disconnect();
  }
});

test("endpoints", () => {
  assert.throws(() => new Client("/connection/websocket"));
  globalThis.location = { href: "https://app.example/page" };
  try {
    let url;
    const socket = class { constructor(each) { url = each; } close() {} };
    const client = new Client(undefined, { WebSocket: socket, transports: ["websocket"] }).connect();
    mock.timers.tick(0);
    assert.equal(url, "wss://app.example/connection/websocket");
    client.disconnect();
  } finally {
    delete globalThis.location;
  }
});
